import { SkyError } from '#shared/contract/errors'
import type { RemoteProcess } from '../ssh/ssh-session'

/** A line that is longer is cut: nothing that we ask for is. */
const longestLine = 4_096
/** Lines that wait to be read; a host that sends more talks of something else. */
const mostLines = 1_000

export interface LinesOptions {
  readonly host: string
  /** Wait for one line, ms. */
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Lines {
  /** The next line. @throws SkyError `timeout`, `cancelled`, `connection_lost` (also when the program has ended), `protocol_error` (a flood) */
  next(): Promise<string>
}

/** The lines that a program on a host prints, one after another, within bounds. */
export function linesOf(process: RemoteProcess, { host, limitMs, signal }: LinesOptions): Lines {
  const ready: string[] = []
  let part = ''
  let failure: SkyError | null = null
  let wake: () => void = () => undefined
  const fail = (error: SkyError): void => {
    failure ??= error
    wake()
  }
  process.stdout.on('data', (bytes: Buffer) => {
    if (failure) return
    const pieces = (part + bytes.toString('latin1')).split('\n')
    part = (pieces.pop() as string).slice(0, longestLine)
    ready.push(...pieces.map((line) => line.slice(0, longestLine)))
    if (ready.length > mostLines)
      fail(new SkyError('protocol_error', `${host} floods its output`, '', { host }))
    wake()
  })
  process.stderr.resume()
  const ended = (): void => {
    signal?.removeEventListener('abort', cancelled)
    fail(new SkyError('connection_lost', `The program on ${host} ended before it answered`, '', { host }))
  }
  const cancelled = (): void => fail(new SkyError('cancelled', `The measurement on ${host} was cancelled`))
  process.stdout.once('end', ended)
  process.exited.then(ended, (error: unknown) =>
    fail(error instanceof SkyError ? error : new SkyError('connection_lost', String(error))),
  )
  if (signal?.aborted) cancelled()
  signal?.addEventListener('abort', cancelled, { once: true })

  return {
    next: async () => {
      const limit = Date.now() + limitMs
      for (;;) {
        const line = ready.shift()
        if (line !== undefined) return line
        if (failure) throw failure
        const left = limit - Date.now()
        if (left <= 0) {
          throw new SkyError('timeout', `${host} did not answer within ${limitMs / 1_000} s`, '', { host })
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    },
  }
}
