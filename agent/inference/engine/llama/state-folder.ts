import { accessSync, constants, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Process ids mean nothing in another namespace of them. */
const prefix = `skymemory-model-${processNamespace()}-`
/** Buffers given to one call of writev; the system takes 1,024 at most. */
const partsPerWrite = 1_000

/**
 * Where state files pass between the inference host and its model: llama.cpp reads and writes files only, so they lie in memory
 * where there is a file system for it. Nobody else may read them.
 */
export class StateFolder {
  readonly #path: string
  #files = 0

  constructor(parent = memoryFolder()) {
    removeLeftovers(parent)
    this.#path = mkdtempSync(join(parent, `${prefix}${process.pid}-`))
  }

  newFile(): string {
    this.#files += 1
    return join(this.#path, `${this.#files}.state`)
  }

  async write(parts: readonly Uint8Array[]): Promise<string> {
    const path = this.newFile()
    const file = await open(path, 'wx', 0o600)
    try {
      for (let first = 0; first < parts.length; first += partsPerWrite) {
        await writeAll(file, parts.slice(first, first + partsPerWrite))
      }
    } catch (thrown) {
      await rm(path, { force: true })
      throw thrown
    } finally {
      await file.close()
    }
    return path
  }

  /** The file is gone afterwards. */
  async take(path: string): Promise<Buffer> {
    try {
      return await readFile(path)
    } finally {
      await rm(path, { force: true })
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true })
  }

  close(): void {
    rmSync(this.#path, { recursive: true, force: true })
  }
}

type File = Awaited<ReturnType<typeof open>>

/** writev may write less than it was given. */
async function writeAll(file: File, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left)
    const next = left.findIndex((part) => {
      if (bytesWritten < part.byteLength) return true
      bytesWritten -= part.byteLength
      return false
    })
    if (next === -1) return
    left = [(left[next] as Uint8Array).subarray(bytesWritten), ...left.slice(next + 1)]
  }
}

function memoryFolder(): string {
  const shared = '/dev/shm'
  try {
    accessSync(shared, constants.W_OK)
    return shared
  } catch {
    return tmpdir()
  }
}

function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** Folders of hosts that were killed. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // Somebody else's: not ours to remove.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}
