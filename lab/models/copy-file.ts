import { open, rename, statfs, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { storageError } from '../store/storage-errors'
import type { ReadOptions } from './model-checksums'
import { openModel } from './model-file'

/** Bytes that are copied at a time. */
const pieceBytes = 4 * 1024 * 1024

/**
 * Copy a large file. It is written to `<target>.partial`; a copy that broke off goes on there, behind what is equal to the source, and is
 * renamed when it is whole.
 * @throws SkyError `storage_full`, `storage_unwritable`, `cancelled`, `conflict` when the source becomes shorter; the part stays
 */
export async function copyFileResumably(
  source: string,
  target: string,
  options: ReadOptions = {},
): Promise<void> {
  const partial = `${target}.partial`
  const from = await openModel(source)
  try {
    // 'a+' would write at the end only.
    const to = await open(partial, 'r+')
      .catch(() => open(partial, 'w+', 0o644))
      .catch((thrown: unknown) => {
        throw storageError(thrown, target, 'storage_unwritable')
      })
    try {
      const { size } = await from.stat()
      await copy(from, to, size, { source, target }, options)
      await to.sync()
    } catch (thrown) {
      throw storageError(thrown, target, 'storage_unwritable')
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
  await rename(partial, target).catch((thrown: unknown) => {
    throw storageError(thrown, target, 'storage_unwritable')
  })
}

async function copy(
  from: FileHandle,
  to: FileHandle,
  bytes: number,
  { source, target }: { readonly source: string; readonly target: string },
  { signal, onProgress }: ReadOptions,
): Promise<void> {
  const there = (await to.stat()).size
  const [piece, present] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)]
  let isComparing = there > 0
  if (!isComparing) await requireSpace(target, bytes)
  for (let position = 0; position < bytes;) {
    if (signal?.aborted) throw new SkyError('cancelled', `Copying ${source} was cancelled`)
    const wanted = Math.min(pieceBytes, bytes - position)
    if ((await readFully(from, piece, wanted, position)) < wanted) {
      throw new SkyError(
        'conflict',
        `${source} became shorter while it was copied`,
        'Try again when it is complete.',
      )
    }
    const data = piece.subarray(0, wanted)
    if (isComparing) {
      const found = await readFully(to, present, wanted, position)
      if (found === wanted && data.equals(present.subarray(0, found))) {
        position += wanted
        onProgress?.(position, bytes)
        continue
      }
      isComparing = false
      await requireSpace(target, bytes - Math.max(there, position))
    }
    for (let written = 0; written < wanted;) {
      written += (await to.write(data, written, wanted - written, position + written)).bytesWritten
    }
    position += wanted
    onProgress?.(position, bytes)
  }
  await to.truncate(bytes)
}

async function readFully(
  handle: FileHandle,
  buffer: Buffer,
  bytes: number,
  position: number,
): Promise<number> {
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** Better to say it before gigabytes are written. */
async function requireSpace(target: string, bytes: number): Promise<void> {
  const found = await statfs(dirname(target)).catch(() => null)
  const free = found === null ? Infinity : found.bavail * found.bsize
  if (bytes <= free) return
  throw new SkyError(
    'storage_full',
    `The model does not fit on the disk of ${dirname(target)}: ${bytes} bytes are needed, ${free} are free`,
    'Free some space on that disk, or choose another data folder, then try again.',
    { path: target, needed: bytes, free },
  )
}
