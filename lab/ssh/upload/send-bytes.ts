import { SkyError } from '#shared/contract/errors'
import { SftpError, type SftpClient } from '../sftp/sftp-client'
import type { WriteBuffer } from '../sftp/sftp-packets'
import { bytesInFlight } from './bytes-in-flight'
import type { OpenSource } from './source'

export interface SendOptions {
  readonly host: string
  readonly path: string
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
}

/**
 * Write a source into an open file from a position on, many requests at a time. The server carries them out in their order, so that the
 * file is at any time a beginning of the source.
 */
export async function sendBytes(
  sftp: SftpClient,
  handle: Buffer,
  source: OpenSource,
  start: number,
  { host, path, signal, onProgress }: SendOptions,
): Promise<void> {
  const count = Math.max(2, Math.floor(bytesInFlight(sftp.roundTripMs) / sftp.writeBytes))
  let made = 0
  const free: WriteBuffer[] = []
  let failure: Error | null = null
  let acknowledged = start
  let wake: () => void = () => undefined
  const stop = (reason: Error): void => {
    failure ??= reason
    wake()
  }
  const cancel = (): void => stop(new SkyError('cancelled', `${host}: sending ${path} was cancelled`))
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  const until = async (is: () => boolean): Promise<void> => {
    while (failure === null && !is()) await new Promise<void>((resolve) => (wake = resolve))
    if (failure !== null) throw failure
  }
  const nextBuffer = async (): Promise<WriteBuffer> => {
    if (free.length === 0 && made < count) {
      made++
      free.push(sftp.writeBuffer(handle))
    }
    await until(() => free.length > 0)
    return free.pop() as WriteBuffer
  }
  try {
    for (let position = start; position < source.bytes;) {
      const buffer = await nextBuffer()
      const bytes = await source.read(buffer.data, position)
      if (bytes === 0) {
        throw new SkyError(
          'invalid_argument',
          `The file that is sent to ${path} has become shorter meanwhile`,
        )
      }
      sftp.write(buffer, bytes, position, (failed) => {
        free.push(buffer)
        if (failed) return stop(failed)
        // What was written behind a gap does not count.
        if (failure instanceof SftpError) return wake()
        acknowledged += bytes
        onProgress?.(acknowledged)
        wake()
      })
      position += bytes
    }
    await until(() => free.length === made)
  } catch (thrown) {
    if (thrown instanceof SftpError) {
      // The server has gone on with what was sent behind the part that failed: the file must stay a beginning of the source.
      while (free.length < made) await new Promise<void>((resolve) => (wake = resolve))
      await sftp.setSize(handle, acknowledged).catch(() => undefined)
    }
    throw thrown
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
