import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'
import type { UploadSource } from '../ssh-session'

/** What is to be sent, ready to be read. */
export interface OpenSource {
  readonly bytes: number
  readonly sha256: string
  /** Bytes from a position on, as many as fit; fills the buffer but at the end. */
  read(buffer: Buffer, position: number): Promise<number>
  /** SHA-256 of the first bytes, hexadecimal. */
  hashOfFirst(bytes: number): Promise<string>
  close(): Promise<void>
}

const readBytes = 1024 * 1024

/** @throws SkyError `not_found`, `invalid_argument` when the file is another one than it is said to be */
export async function openSource(source: UploadSource): Promise<OpenSource> {
  if (source.kind === 'bytes') {
    const content = Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength)
    return {
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      read: async (buffer, position) => content.copy(buffer, 0, position),
      hashOfFirst: async (bytes) => createHash('sha256').update(content.subarray(0, bytes)).digest('hex'),
      close: async () => undefined,
    }
  }
  const file = await open(source.file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new SkyError(
      'not_found',
      `The file to send cannot be read: ${error.message}`,
      'Build or fetch it anew.',
      {
        path: source.file,
      },
    )
  })
  const { size } = await file.stat()
  if (size !== source.bytes) {
    await file.close()
    throw new SkyError(
      'invalid_argument',
      `${source.file} has ${size} bytes, not ${source.bytes}: it was changed`,
    )
  }
  const read: OpenSource['read'] = async (buffer, position) => {
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }
  return {
    bytes: source.bytes,
    sha256: source.sha256,
    read,
    hashOfFirst: async (bytes) => {
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(readBytes)
      for (let position = 0; position < bytes;) {
        const got = await read(buffer.subarray(0, Math.min(readBytes, bytes - position)), position)
        if (got === 0) break
        hash.update(buffer.subarray(0, got))
        position += got
      }
      return hash.digest('hex')
    },
    close: () => file.close(),
  }
}
