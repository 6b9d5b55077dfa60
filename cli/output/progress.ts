import { SingleBar } from 'cli-progress'
import type { RunSummary } from '#shared/contract/console-api'
import { clock } from './duration'
import type { Terminal } from './terminal'

export interface Progress {
  update(run: RunSummary): void
  /** Say something without breaking the bar. */
  note(text: string): void
  stop(): void
}

function remaining({ remainingS, state }: RunSummary): string {
  if (state.kind === 'paused') return 'paused'
  return remainingS === null ? 'time left unknown' : `${clock(remainingS)} left`
}

const trials = (run: RunSummary): string => `${run.trialsDone}/${run.trialsTotal} trials`

/** A bar that draws over itself on a terminal; elsewhere a line for every few percent. */
export function showProgress(terminal: Terminal): Progress {
  return terminal.isInteractive ? bar(terminal) : lines(terminal)
}

function bar(terminal: Terminal): Progress {
  const drawn = new SingleBar({
    format: '{bar} {percentage}% | {trials} | {requests} requests | {left}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    etaBuffer: 1,
    stream: process.stderr,
  })
  let begun = false
  const start = (): void => {
    drawn.start(100, 0, { trials: '', requests: 0, left: '' })
    begun = true
  }
  return {
    update: (run) => {
      if (!begun) start()
      const percent = Math.floor(run.progress * 100)
      drawn.update(percent, { trials: trials(run), requests: run.requestsDone, left: remaining(run) })
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

function lines(terminal: Terminal): Progress {
  let next = 0
  return {
    update: (run) => {
      const percent = Math.floor(run.progress * 100)
      if (percent < next) return
      next = (Math.floor(percent / lineStep) + 1) * lineStep
      terminal.err(
        `${String(percent).padStart(3)}% | ${trials(run)} | ${run.requestsDone} requests | ${remaining(run)}`,
      )
    },
    note: (text) => terminal.err(text),
    stop: () => undefined,
  }
}
