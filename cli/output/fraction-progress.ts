import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal'

/** Shows how far a long piece of work is. */
export interface FractionProgress {
  /** @param fraction 0..1 */
  update(fraction: number, text: string): void
  stop(): void
}

/** Percent between two lines. */
const lineStep = 5

/** A bar that draws over itself on a terminal; elsewhere a line for every few percent. */
export function showFraction(terminal: Terminal): FractionProgress {
  return terminal.isInteractive ? bar() : lines(terminal)
}

function bar(): FractionProgress {
  const drawn = new SingleBar({
    format: '{bar} {percentage}% | {text} | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    stream: process.stderr,
  })
  let begun = false
  return {
    update: (fraction, text) => {
      if (!begun) drawn.start(1, 0, { text })
      begun = true
      drawn.update(fraction, { text })
    },
    stop: () => {
      if (begun) drawn.stop()
      begun = false
    },
  }
}

function lines(terminal: Terminal): FractionProgress {
  let next = 0
  return {
    update: (fraction, text) => {
      const percent = Math.floor(fraction * 100)
      if (percent < next) return
      next = (Math.floor(percent / lineStep) + 1) * lineStep
      terminal.err(`${String(percent).padStart(3)}% | ${text}`)
    },
    stop: () => undefined,
  }
}
