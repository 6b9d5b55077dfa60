import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Names for control sockets. Unix socket paths end at about 100 bytes, so they lie in a fresh folder below the system's
 * temporary one, which mkdtemp makes for this user alone (0700). Windows has named pipes instead, with unguessable names.
 */
export interface SocketDirectory {
  path(name: string): string
  remove(): Promise<void>
  /** For use while the process exits. */
  removeSync(): void
}

/** Linux allows 108 bytes, macOS 104, both with the closing zero. */
const longestPath = 100

export async function createSocketDirectory(): Promise<SocketDirectory> {
  if (process.platform === 'win32') {
    const prefix = `\\\\.\\pipe\\skymemory-${randomBytes(12).toString('hex')}-`
    return { path: (name) => prefix + name, remove: () => Promise.resolve(), removeSync: () => undefined }
  }
  const short = Buffer.byteLength(tmpdir()) < longestPath - 40 ? tmpdir() : '/tmp'
  const folder = await mkdtemp(join(short, 'sky-'))
  return {
    path: (name) => join(folder, `${name}.sock`),
    remove: () => rm(folder, { recursive: true, force: true }),
    removeSync: () => rmSync(folder, { recursive: true, force: true }),
  }
}
