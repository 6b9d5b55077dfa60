import { open, type FileHandle } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'
import { modelShape, type ModelShape } from '#shared/gguf/model-shape'
import { readHeader } from '#shared/gguf/read-header'

/** A model's file, as its header describes it. */
export interface ModelFile {
  readonly path: string
  readonly bytes: number
  readonly shape: ModelShape
}

/**
 * Read what a file says of its model: its header only, whatever its size.
 * @throws SkyError `not_found`, `invalid_argument` (no file), `invalid_model`, `not_supported`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const handle = await openModel(path)
  try {
    const { size } = await handle.stat()
    const header = await readHeader({
      name: path,
      bytes: size,
      readFirst: (bytes) => firstBytes(handle, bytes),
    })
    return { path, bytes: size, shape: modelShape(path, header) }
  } finally {
    await handle.close()
  }
}

/** @throws SkyError `not_found` when it cannot be read, `invalid_argument` when it is no file */
export async function openModel(path: string): Promise<FileHandle> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new SkyError('not_found', `The model ${path} cannot be read: ${why}`, 'Look at the path.', { path })
  })
  // A directory can be opened, but not read.
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new SkyError('invalid_argument', `${path} is not a file`, 'Name a file that ends with .gguf.', {
    path,
  })
}

/** Fewer bytes only where the file ends. */
async function firstBytes(handle: FileHandle, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
