export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Log lines go to stderr, one JSON object a line, so that the console can show them with their level. */
export interface Log {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

export function createLog(write: (line: string) => void): Log {
  const line =
    (level: LogLevel) =>
    (text: string): void =>
      write(`${JSON.stringify({ at: Date.now(), level, text })}\n`)
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
