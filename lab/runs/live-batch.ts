import type { LiveBatch, PlannedTrial } from '#shared/contract/console-api'
import { seriesOf } from '#shared/experiment/meaning'
import type { RequestRecord } from '#shared/experiment/records'
import { endOf } from '#shared/experiment/timeline'
import { histogramMean } from '#shared/stats/quantile'

/** Ten batches a second look smooth; more would only cost. */
const shortestGapMs = 100
/** Requests in one batch; charts cannot show more in a tenth of a second. Those beyond are counted as dropped. */
const mostRows = 1_000

/** The run that requests belong to. */
export interface LiveRun {
  readonly runId: string
  readonly lab: string
}

/** Gathers stored requests into columns for the live charts. */
export class LiveBatcher {
  readonly #run: LiveRun
  readonly #trial: PlannedTrial
  readonly #emit: (batch: LiveBatch) => void
  #waiting: RequestRecord[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | null = null

  constructor(run: LiveRun, trial: PlannedTrial, emit: (batch: LiveBatch) => void) {
    this.#run = run
    this.#trial = trial
    this.#emit = emit
  }

  /** Failed and cancelled requests are left out, as in the metrics of a trial. */
  add(all: readonly RequestRecord[]): void {
    const records = all.filter((record) => record.status === 'ok')
    if (records.length === 0) return
    const room = mostRows - this.#waiting.length
    this.#waiting.push(...records.slice(0, room))
    this.#dropped += Math.max(0, records.length - room)
    this.#timer ??= setTimeout(() => this.flush(), shortestGapMs)
  }

  /** Send what waits, now. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting.length === 0) return
    this.#emit(liveBatch(this.#run, this.#trial, this.#waiting, this.#dropped))
    this.#waiting = []
    this.#dropped = 0
  }
}

export function liveBatch(
  { runId, lab }: LiveRun,
  trial: PlannedTrial,
  records: readonly RequestRecord[],
  dropped: number,
): LiveBatch {
  return {
    runId,
    trialId: trial.trialId,
    lab,
    linkDelay: trial.parameters.link_delay,
    series: seriesOf(trial.parameters),
    strategy: trial.parameters.cache === 'off' ? 'off' : trial.parameters.strategy,
    requestId: records.map((record) => record.requestId),
    at: records.map(endOf),
    ttftMs: records.map((record) => record.ttftMs),
    tpotMs: records.map((record) => record.tpotMs),
    hopsMean: records.map((record) => histogramMean(record.hopsHistogram)),
    propagationMs: records.map((record) => record.propagationMs),
    blocks: records.map((record) => record.blocks),
    blocksHit: records.map((record) => record.blocksHit),
    promptTokens: records.map((record) => record.promptTokens),
    cachedTokens: records.map((record) => record.cachedTokens),
    outputTokens: records.map((record) => record.outputTokens),
    bytesRead: records.map((record) => record.bytesRead),
    dropped,
  }
}
