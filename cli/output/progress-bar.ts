import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal'

export interface ProgressBar {
  /** @param fraction 0 to 1 */
  update(fraction: number, details: string): void
  /** Say something without breaking the bar. */
  note(text: string): void
  stop(): void
}

/** A bar that draws over itself on a terminal; elsewhere a line for every few percent. */
export function progressBar(terminal: Terminal): ProgressBar {
  return terminal.isInteractive ? bar(terminal) : lines(terminal)
}

function bar(terminal: Terminal): ProgressBar {
  const drawn = new SingleBar({
    format: '{bar} {percentage}% | {details}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    etaBuffer: 1,
    stream: process.stderr,
  })
  let begun = false
  const start = (): void => {
    drawn.start(100, 0, { details: '' })
    begun = true
  }
  return {
    update: (fraction, details) => {
      if (!begun) start()
      drawn.update(Math.floor(fraction * 100), { details })
    },
    note: (text) => {
      if (begun) drawn.stop()
      begun = false
      terminal.err(text)
    },
    stop: () => {
      if (begun) drawn.stop()
      begun = false
    },
  }
}

/** Percent between two lines. */
const lineStep = 5

function lines(terminal: Terminal): ProgressBar {
  let next = 0
  return {
    update: (fraction, details) => {
      const percent = Math.floor(fraction * 100)
      if (percent < next) return
      next = (Math.floor(percent / lineStep) + 1) * lineStep
      terminal.err(`${String(percent).padStart(3)}% | ${details}`)
    },
    note: (text) => terminal.err(text),
    stop: () => undefined,
  }
}
