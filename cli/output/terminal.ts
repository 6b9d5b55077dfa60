/** Where a command writes: results to `out`, everything about how it goes to `err`. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** True where a progress bar can be drawn over itself. */
  readonly isInteractive: boolean
}

/** A reader that goes away (`| head`) is no error of the command: what it does not read is dropped. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

export function processTerminal(): Terminal {
  ignoreClosedPipe(process.stdout)
  ignoreClosedPipe(process.stderr)
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    if (stream.writable) stream.write(text)
  }
  return {
    out: (text) => write(process.stdout, `${text}\n`),
    err: (text) => write(process.stderr, `${text}\n`),
    isInteractive: process.stderr.isTTY,
  }
}

/** Resolves when everything that was written has left: a process that exits earlier would cut off a pipe. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writable) await new Promise<void>((resolve) => stream.write('', () => resolve()))
  }
}
