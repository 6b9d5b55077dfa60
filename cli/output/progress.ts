import type { RunSummary } from '#shared/contract/console-api'
import { clock } from './duration'
import { progressBar } from './progress-bar'
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

/** The progress of a run, as a bar or as lines. */
export function showProgress(terminal: Terminal): Progress {
  const bar = progressBar(terminal)
  return {
    update: (run) => {
      const trials = `${run.trialsDone}/${run.trialsTotal} trials`
      bar.update(run.progress, `${trials} | ${run.requestsDone} requests | ${remaining(run)}`)
    },
    note: (text) => bar.note(text),
    stop: () => bar.stop(),
  }
}
