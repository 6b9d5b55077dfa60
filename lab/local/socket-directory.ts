import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning } from '../is-running'

/**
 * Names for control sockets. Unix socket paths end at about 100 bytes, so they lie in a fresh folder below the system's
 * temporary one, which mkdtemp makes for this user alone (0700). Windows has named pipes instead, with unguessable names.
 */
export interface SocketDirectory {
  path(name: string): string
  remove(): Promise<void>
}

/** Linux allows 108 bytes, macOS 104, both with the closing zero; names of sockets and folder need up to 40. */
const longestParent = 60
/** A folder that a killed process left is removed after this time, ms: nobody connects to a socket that old. */
const staleMs = 86_400_000

export async function createSocketDirectory(): Promise<SocketDirectory> {
  if (process.platform === 'win32') {
    const prefix = `\\\\.\\pipe\\skymemory-${randomBytes(12).toString('hex')}-`
    return { path: (name) => prefix + name, remove: () => Promise.resolve() }
  }
  const parent = Buffer.byteLength(tmpdir()) <= longestParent ? tmpdir() : '/tmp'
  await removeStale(parent)
  const folder = await mkdtemp(join(parent, `sky-${process.pid}-`))
  const removeNow = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeNow)
  return {
    path: (name) => join(folder, `${name}.sock`),
    remove: async () => {
      process.off('exit', removeNow)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Folders of processes that were killed: they could not remove them. */
async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = Number(/^sky-(\d+)-\w{6}$/.exec(name)?.[1])
    if (!pid || isRunning(pid)) continue
    const folder = join(parent, name)
    const info = await stat(folder).catch(() => null)
    if (!info || info.uid !== process.getuid?.() || Date.now() - info.mtimeMs < staleMs) continue
    await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}
