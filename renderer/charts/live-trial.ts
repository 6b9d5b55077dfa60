import type { LiveBatch, PlannedTrial, StoredRequest } from '#shared/contract/console-api'
import { histogramMean } from '#shared/stats/quantile'
import { SampleRing } from './sample-ring'
import { seriesOf, type SeriesIdentity } from './strategy-style'

const columns = [
  'at',
  'ttftMs',
  'tpotMs',
  'hopsMean',
  'propagationMs',
  'blocks',
  'blocksHit',
  'outputTokens',
] as const
export type LiveColumn = (typeof columns)[number]

/** Requests of one trial that charts keep: 64 B each, so 4 MiB a trial at most. */
export const requestsKept = 65_536

const measured = (value: number | null): number => value ?? Number.NaN

/** The requests of one trial, for drawing. Whatever comes twice (from the database and live) is taken once. */
export class LiveTrial {
  readonly trialId: string
  readonly series: SeriesIdentity
  readonly ring = new SampleRing(columns, requestsKept)
  #startedAt: number | null
  #firstAt = Number.POSITIVE_INFINITY
  #seen = new Uint8Array(256)

  constructor(trial: PlannedTrial, startedAt: number | null, lab = 'local') {
    this.trialId = trial.trialId
    this.series = seriesOf(trial, lab)
    this.#startedAt = startedAt
  }

  /** Unix ms at which the trial began: as told, or the end of its first request. */
  get startedAt(): number | null {
    return this.#startedAt ?? (Number.isFinite(this.#firstAt) ? this.#firstAt : null)
  }

  addBatch(batch: LiveBatch): void {
    batch.requestId.forEach((requestId, i) => {
      if (!this.#isNew(requestId)) return
      this.#push({
        at: batch.at[i]!,
        ttftMs: measured(batch.ttftMs[i]!),
        tpotMs: measured(batch.tpotMs[i]!),
        hopsMean: measured(batch.hopsMean[i]!),
        propagationMs: measured(batch.propagationMs[i]!),
        blocks: batch.blocks[i]!,
        blocksHit: batch.blocksHit[i]!,
        outputTokens: batch.outputTokens[i]!,
      })
    })
  }

  addStored(row: StoredRequest): void {
    // Metrics are about the requests that succeeded.
    if (row.status !== 'ok' || !this.#isNew(row.requestId)) return
    this.#push({
      at: row.startedAt + (row.e2eMs ?? 0),
      ttftMs: measured(row.ttftMs),
      tpotMs: measured(row.tpotMs),
      hopsMean: measured(histogramMean(row.hopsHistogram)),
      propagationMs: measured(row.propagationMs),
      blocks: row.blocks,
      blocksHit: row.blocksHit,
      outputTokens: row.outputTokens,
    })
  }

  #push(sample: Record<LiveColumn, number>): void {
    this.#firstAt = Math.min(this.#firstAt, sample.at)
    this.ring.push(sample)
  }

  #isNew(requestId: number): boolean {
    if (requestId >= this.#seen.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(requestId + 1)))
      larger.set(this.#seen)
      this.#seen = larger
    }
    if (this.#seen[requestId] === 1) return false
    this.#seen[requestId] = 1
    return true
  }
}
