import { accessSync, constants, mkdtempSync, readdirSync, readlinkSync, rmSync, statfsSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Process ids mean nothing in another namespace of them. */
const prefix = `skymemory-model-${processNamespace()}-`
const memoryFolder = '/dev/shm'
/** Room for a state and its header, and for what others write there. */
const spare = 1.1
/** Buffers given to one call of writev; the system takes 1,024 at most. */
const partsPerWrite = 1_000

/**
 * Where state files pass between the inference host and its model: llama.cpp reads and writes files only, so they lie in memory
 * where there is a file system with room for it. Nobody else may read them.
 */
export class StateFolder {
  readonly #parents: readonly string[]
  #path: string | null = null
  #expectedBytes = 0
  #files = 0

  /** @param parents folders to lie in, the best one first */
  constructor(parents: readonly string[] = [memoryFolder, tmpdir()]) {
    this.#parents = parents
    for (const parent of parents) removeLeftovers(parent)
  }

  /** Files of so many bytes will come: they go where there is room for one. Containers have little memory for files. */
  expect(bytes: number): void {
    this.#expectedBytes = bytes
    this.close()
  }

  newFile(): string {
    this.#files += 1
    this.#path ??= mkdtempSync(join(this.#parent(), `${prefix}${process.pid}-`))
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

  read(path: string): Promise<Uint8Array> {
    return readFile(path)
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true })
  }

  close(): void {
    if (this.#path !== null) rmSync(this.#path, { recursive: true, force: true })
    this.#path = null
  }

  /** Where none has room, the last one: what does not fit fails when it is written. */
  #parent(): string {
    const roomy = this.#parents.find((parent) => freeBytes(parent) >= this.#expectedBytes * spare)
    return roomy ?? (this.#parents.at(-1) as string)
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

/** Bytes that may still be written there; -1 where nothing may. */
function freeBytes(folder: string): number {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return -1
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
  for (const name of namesIn(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // Somebody else's: not ours to remove.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
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
