import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { ReplayJob, ReplayQuestion, ReplayRow } from '#shared/contract/simulation-api'
import type { ReplayFigures } from '#shared/simulation/replay/replay'
import { replayFile, type ReplayOutcome, type ReplayProgress } from './replay-file'

export interface ReplayJobsOptions {
  /** The file of the worker threads. */
  readonly workerEntry: string
  readonly onChanged: (job: ReplayJob) => void
}

/** Between two reports of a job, ms: often enough for an eye, seldom enough to cost nothing. */
const reportIntervalMs = 100

/** Replays that windows ask for: one at a time; the newest stays to be looked at. */
export class ReplayJobs {
  readonly #options: ReplayJobsOptions
  #newest: ReplayJob | null = null
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #started = 0
  #reportedAt = 0

  constructor(options: ReplayJobsOptions) {
    this.#options = options
  }

  get newest(): ReplayJob | null {
    return this.#newest
  }

  /** @throws SkyError conflict: another one runs */
  start(question: ReplayQuestion): string {
    if (this.#newest && isUnderWay(this.#newest)) {
      throw new SkyError('conflict', 'another replay is running', 'Wait for its end, or cancel it.')
    }
    const replayId = `replay-${++this.#started}`
    this.#stop = new AbortController()
    const reading = { kind: 'reading', bytesRead: 0, bytesTotal: 0 } as const
    this.#newest = { replayId, startedAt: Date.now(), question, state: reading, rows: [] }
    this.#running = this.#run(question)
    return replayId
  }

  /** @throws SkyError not_found */
  cancel(replayId: string): void {
    if (this.#newest?.replayId !== replayId) throw new SkyError('not_found', `there is no replay ${replayId}`)
    this.#stop.abort()
  }

  /** Cancel what runs, and wait for its end. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(question: ReplayQuestion): Promise<void> {
    const { signal } = this.#stop
    const begun = performance.now()
    const rows = new Map<number, ReplayRow>()
    const inOrder = (): ReplayRow[] => [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
    const { path, ...options } = question.trace
    const caches = question.caches.map(({ policy, capacity }) => ({ policy, capacity: capacity ?? Infinity }))
    try {
      const outcome = await replayFile(
        { path, options, caches, workerEntry: this.#options.workerEntry },
        {
          signal,
          onProgress: (progress) => this.#progress(progress),
          onFigures: (index, figures) => {
            rows.set(index, rowOf(question, index, figures))
            this.#change({ rows: inOrder() })
          },
        },
      )
      const durationS = (performance.now() - begun) / 1000
      this.#change({ state: finished(outcome, durationS), rows: inOrder() })
    } catch (thrown) {
      const error = toErrorBody(thrown)
      this.#change({ state: error.code === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', error } })
    }
  }

  #progress(progress: ReplayProgress): void {
    // A change that nobody is told of now is told with the next one.
    this.#newest = { ...this.#newest!, state: progress }
    if (Date.now() - this.#reportedAt >= reportIntervalMs) this.#change({})
  }

  #change(changed: Partial<Pick<ReplayJob, 'state' | 'rows'>>): void {
    this.#newest = { ...this.#newest!, ...changed }
    this.#reportedAt = Date.now()
    this.#options.onChanged(this.#newest)
  }
}

export function isUnderWay({ state }: ReplayJob): boolean {
  return state.kind === 'reading' || state.kind === 'replaying'
}

function rowOf({ caches }: ReplayQuestion, index: number, figures: ReplayFigures): ReplayRow {
  return { ...caches[index]!, ...figures }
}

function finished({ settings, tally }: ReplayOutcome, durationS: number): ReplayJob['state'] {
  const { format, blockTokens } = settings
  const skipped = { lines: tally.skippedLines, first: [...tally.firstSkipped] }
  return { kind: 'finished', durationS, format, blockTokens, skipped }
}
