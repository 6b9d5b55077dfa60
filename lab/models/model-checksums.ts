import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { writeFileAtomically } from '../atomic-file'
import { openModel } from './model-file'

export interface ReadOptions {
  readonly signal?: AbortSignal
  /** Bytes that have been read, of all. */
  readonly onProgress?: (bytes: number, total: number) => void
}

/** Bytes that are read and hashed at a time. */
const pieceBytes = 4 * 1024 * 1024

/** A checksum, and the state of the file for which it holds. */
const known = z.object({
  path: z.string(),
  bytes: z.number(),
  /** Times of the last change of content and of inode, ns: a copy that keeps the former has another one of the latter. */
  modifiedNs: z.string(),
  changedNs: z.string(),
  inode: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
type Known = z.infer<typeof known>

/**
 * SHA-256 of model files. A file of several GB takes seconds to minutes to read, so that checksums are kept, in the data folder, for as
 * long as size, times and inode of the file are the same.
 */
export class ModelChecksums {
  readonly #directory: string

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'model-checksums')
  }

  /**
   * @returns hexadecimal
   * @throws SkyError `not_found`, `invalid_argument`, `cancelled`, `conflict` when the file changes while it is read
   */
  async sha256(path: string, options: ReadOptions = {}): Promise<string> {
    const handle = await openModel(path)
    try {
      const before = stateOf(await realpath(path), await handle.stat({ bigint: true }))
      const noted = await this.#noted(before)
      if (noted !== null) {
        options.onProgress?.(before.bytes, before.bytes)
        return noted
      }
      const sha256 = await hashOf(handle, path, before.bytes, options)
      const after = stateOf(before.path, await handle.stat({ bigint: true }))
      if (!isSame(before, after)) {
        throw new SkyError(
          'conflict',
          `${path} was changed while it was read`,
          'Try again when it is complete.',
        )
      }
      await this.#keep(after, sha256)
      return sha256
    } finally {
      await handle.close()
    }
  }

  /** Keep a checksum that is known for a file, as it is now. @throws SkyError `not_found` */
  async note(path: string, sha256: string): Promise<void> {
    const handle = await openModel(path)
    try {
      await this.#keep(stateOf(await realpath(path), await handle.stat({ bigint: true })), sha256)
    } finally {
      await handle.close()
    }
  }

  #keep(state: FileState, sha256: string): Promise<void> {
    return writeFileAtomically(this.#file(state.path), JSON.stringify({ ...state, sha256 }), 0o600)
  }

  async #noted(state: FileState): Promise<string | null> {
    const text = await readFile(this.#file(state.path), 'utf8').catch(() => null)
    if (text === null) return null
    try {
      const found = known.safeParse(JSON.parse(text))
      return found.success && isSame(found.data, state) ? found.data.sha256 : null
    } catch {
      return null
    }
  }

  #file(path: string): string {
    return join(this.#directory, `${createHash('sha256').update(path).digest('hex')}.json`)
  }
}

type FileState = Omit<Known, 'sha256'>

function stateOf(
  path: string,
  stat: { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint },
): FileState {
  return {
    path,
    bytes: Number(stat.size),
    modifiedNs: String(stat.mtimeNs),
    changedNs: String(stat.ctimeNs),
    inode: String(stat.ino),
  }
}

const isSame = (one: FileState, other: FileState): boolean =>
  one.path === other.path &&
  one.bytes === other.bytes &&
  one.modifiedNs === other.modifiedNs &&
  one.changedNs === other.changedNs &&
  one.inode === other.inode

async function hashOf(
  handle: Awaited<ReturnType<typeof openModel>>,
  path: string,
  bytes: number,
  { signal, onProgress }: ReadOptions,
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(pieceBytes)
  for (let position = 0; ;) {
    if (signal?.aborted) throw new SkyError('cancelled', `Reading ${path} was cancelled`)
    const { bytesRead } = await handle.read(buffer, 0, pieceBytes, position)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
    onProgress?.(Math.min(position, bytes), bytes)
  }
}
