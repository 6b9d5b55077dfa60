import { SkyError } from '#shared/contract/errors'
import type { Sftp } from './sftp'
import type { OpenSource } from './source'

/** Bytes that are sent but not acknowledged, at most: twice the window of OpenSSH, so that the line never waits for the file. */
const bytesInFlight = 4 * 1024 * 1024

export interface SendOptions {
  readonly host: string
  readonly path: string
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
  /** Aborted, with a SkyError, when the connection ends. */
  readonly ended: AbortSignal
}

/**
 * Write a source into an open file from a position on, many requests at a time. The server carries them out in their order, so that the
 * file is at any time a beginning of the source.
 */
export async function sendBytes(
  sftp: Sftp,
  handle: Buffer,
  source: OpenSource,
  start: number,
  { host, path, signal, onProgress, ended }: SendOptions,
): Promise<void> {
  let failure: Error | null = null
  let inFlight = 0
  let acknowledged = start
  let wake: () => void = () => undefined
  const stop = (reason: Error): void => {
    failure ??= reason
    wake()
  }
  const lost = (): void => stop(ended.reason as SkyError)
  const cancel = (): void => stop(new SkyError('cancelled', `${host}: sending ${path} was cancelled`))
  ended.addEventListener('abort', lost, { once: true })
  sftp.closed.catch(stop)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  const until = async (room: () => boolean): Promise<void> => {
    while (failure === null && !room()) await new Promise<void>((resolve) => (wake = resolve))
    if (failure !== null) throw failure
  }
  try {
    const buffer = Buffer.allocUnsafe(sftp.writeBytes)
    for (let position = start; position < source.bytes;) {
      await until(() => inFlight < bytesInFlight)
      const got = await source.read(buffer, position)
      if (got === 0)
        throw new SkyError(
          'invalid_argument',
          `The file that is sent to ${path} has become shorter meanwhile`,
        )
      inFlight += got
      sftp.write(handle, buffer.subarray(0, got), position, (error) => {
        inFlight -= got
        if (error) return stop(error)
        acknowledged += got
        onProgress?.(acknowledged)
        wake()
      })
      position += got
    }
    await until(() => inFlight === 0)
  } finally {
    ended.removeEventListener('abort', lost)
    signal?.removeEventListener('abort', cancel)
  }
}
