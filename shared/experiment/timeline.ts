import type { MachineLoad, MachineReading, TimelinePoint } from '../contract/console-api'
import { addHistograms, histogramMean, measured, quantile } from '../stats/quantile'
import { blockHitRate, tokenHitRate, type RequestFigures } from './metrics'
import type { EventRecord } from './records'

/** Totals over all satellites at one moment, since the trial was prepared. */
export interface CounterSample {
  /** Unix ms. */
  readonly at: number
  readonly storedBytes: number
  readonly evictedChunks: number
  readonly migratedChunks: number
}

export interface TimelineInput {
  readonly trialId: string
  /** Unix ms: second 0 begins here. */
  readonly startedAt: number
  readonly requests: readonly RequestFigures[]
  readonly events: readonly EventRecord[]
  /** In order of time; empty where none were taken. */
  readonly samples: readonly CounterSample[]
  /** In order of time; none where nothing is under the lab: in a simulation. */
  readonly readings?: readonly MachineReading[]
}

/** Longest timeline, s: a week. Times beyond it come from a clock that is wrong. */
const longestS = 604_800

/**
 * A trial second by second, from 0 to the last second in which anything happened.
 *
 * A request belongs to the second in which it ended, with all its tokens and bytes, so that the columns add up to the trial's totals.
 * Requests that did not succeed count in `requests` only. Counters show what changed in the second, `storedBytes` and `epoch`
 * what was there at its end.
 */
export function binTimeline(input: TimelineInput): TimelinePoint[] {
  const { startedAt } = input
  const secondOf = (at: number): number =>
    Math.min(Math.max(0, Math.floor((at - startedAt) / 1000)), longestS)
  const requests = groupBySecond(input.requests, (request) => secondOf(endOf(request)))
  const events = groupBySecond(input.events, (event) => secondOf(event.at))
  const samples = groupBySecond(input.samples, (sample) => secondOf(sample.at))
  const readings = groupBySecond(input.readings ?? [], (reading) => secondOf(reading.at))
  let last = -1
  for (const groups of [requests, events, samples, readings])
    for (const second of groups.keys()) last = Math.max(last, second)

  // Most seconds of a long timeline are quiet: their columns are computed once.
  const quiet = requestColumns([])
  const points: TimelinePoint[] = []
  let epoch: number | null = null
  let previous: CounterSample | null = null
  for (let second = 0; second <= last; second++) {
    const ended = requests.get(second)
    const happened = events.get(second) ?? []
    epoch = happened.at(-1)?.epoch ?? epoch
    const sample = samples.get(second)?.at(-1) ?? null
    points.push({
      trialId: input.trialId,
      tS: second,
      ...(ended ? requestColumns(ended) : quiet),
      storedBytes: sample?.storedBytes ?? null,
      evictedChunks: increase(previous?.evictedChunks ?? 0, sample?.evictedChunks),
      migratedChunks: increase(previous?.migratedChunks ?? 0, sample?.migratedChunks),
      epoch,
      machines: loadsOf(readings.get(second) ?? []),
      event: happened.map(({ name, message }) => (message === '' ? name : `${name}: ${message}`)).join('; '),
    })
    previous = sample ?? previous
  }
  return points
}

/** When a request ended, Unix ms; when it began, where its end was not measured. */
export function endOf(request: Pick<RequestFigures, 'startedAt' | 'e2eMs'>): number {
  return request.startedAt + (request.e2eMs ?? 0)
}

function requestColumns(requests: readonly RequestFigures[]) {
  const ok = requests.filter((request) => request.status === 'ok')
  const ttft = measured(ok.map((request) => request.ttftMs))
  const tpot = measured(ok.map((request) => request.tpotMs))
  return {
    requests: requests.length,
    blockHitRate: blockHitRate(ok),
    tokenHitRate: tokenHitRate(ok),
    hopsMean: histogramMean(addHistograms(ok.map((request) => request.hopsHistogram))),
    ttftMsP50: quantile(ttft, 0.5),
    ttftMsP95: quantile(ttft, 0.95),
    tpotMsP50: quantile(tpot, 0.5),
    outputTokensPerS: ok.reduce((sum, request) => sum + request.outputTokens, 0),
    bytesReadPerS: ok.reduce((sum, request) => sum + request.bytesRead, 0),
    bytesWrittenPerS: ok.reduce((sum, request) => sum + request.bytesWritten, 0),
  }
}

/** The last reading of each machine. */
function loadsOf(readings: readonly MachineReading[]): Record<string, MachineLoad> {
  return Object.fromEntries(readings.map(({ machine, at: _at, ...load }) => [machine, load]))
}

/** What a counter grew by; null without a sample, and after a restart of its host has set it back. */
function increase(before: number, now: number | undefined): number | null {
  return now === undefined || now < before ? null : now - before
}

function groupBySecond<T>(items: readonly T[], secondOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const second = secondOf(item)
    const group = groups.get(second)
    if (group) group.push(item)
    else groups.set(second, [item])
  }
  return groups
}
