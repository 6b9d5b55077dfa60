import { createReadStream } from 'node:fs'
import { pipeline, Transform, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { SkyError } from '#shared/contract/errors'
import type { TraceFile } from './first-bytes'

/** How far a file has been read; of a compressed file, its compressed bytes. */
export interface ReadProgress {
  readonly bytesRead: number
  readonly bytesTotal: number
}

/** Bytes that are read from the disk at a time: large enough that the cost of a read does not show. */
const bytesARead = 256 * 1024

/**
 * The text of a file as bytes, decompressed where it is gzip.
 * @throws SkyError invalid_trace where the file cannot be read or its gzip data is broken; cancelled
 */
export async function* traceBytes(
  { path, bytes, isGzip }: TraceFile,
  signal?: AbortSignal,
  onProgress?: (progress: ReadProgress) => void,
): AsyncGenerator<Buffer> {
  let bytesRead = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytesRead += chunk.length
      onProgress?.({ bytesRead, bytesTotal: bytes })
      done(null, chunk)
    },
  })
  const file = createReadStream(path, { highWaterMark: bytesARead })
  const ignore = (): void => undefined // The error reaches whoever reads the last stream.
  const text: Readable = isGzip
    ? pipeline(file, counted, createGunzip({ chunkSize: bytesARead }), ignore)
    : pipeline(file, counted, ignore)
  try {
    for await (const chunk of text) {
      throwIfCancelled(signal)
      yield chunk as Buffer
    }
  } catch (thrown) {
    throw thrown instanceof SkyError ? thrown : readError(path, thrown as NodeJS.ErrnoException)
  } finally {
    file.destroy()
  }
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SkyError('cancelled', 'the reading of the trace was cancelled')
}

function readError(path: string, { code, message }: NodeJS.ErrnoException): SkyError {
  // zlib's code for data that ends before its end mark.
  if (code === 'Z_BUF_ERROR') {
    return new SkyError(
      'invalid_trace',
      `${path}: its gzip data ends too early`,
      'Download the file again: it is truncated.',
    )
  }
  if (code?.startsWith('Z_') === true) {
    return new SkyError(
      'invalid_trace',
      `${path}: its gzip data is broken: ${message}`,
      'Download the file again.',
    )
  }
  return new SkyError(
    'invalid_trace',
    `${path} cannot be read: ${message}`,
    'Check the disk, and its permissions.',
  )
}
