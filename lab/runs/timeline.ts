import type { RunEvent, TimelinePoint } from '#shared/contract/console-api'
import type { RequestRecord } from '#shared/experiment/records'
import { addHistograms, histogramMean, measured, quantile } from '#shared/stats/quantile'
import type { Sample } from '../store/record-store'
import { endedAt } from './live-batch'

type TimedRequest = Pick<
  RequestRecord,
  | 'startedAt'
  | 'e2eMs'
  | 'blocks'
  | 'blocksHit'
  | 'promptTokens'
  | 'cachedTokens'
  | 'hopsHistogram'
  | 'ttftMs'
  | 'tpotMs'
  | 'outputTokens'
  | 'bytesRead'
  | 'bytesWritten'
>

interface Second {
  requests: TimedRequest[]
  sample: Sample | null
  events: string[]
}

/**
 * One point for every second of an attempt, from its stored records. A request belongs to the second in which it ended;
 * stored bytes and epoch are what stood at the second's last sample; evictions and migrations are those of the second.
 * @param startedAt Unix ms
 */
export function timelinePoints(
  trialId: string,
  startedAt: number,
  requests: readonly TimedRequest[],
  samples: readonly Sample[],
  events: readonly RunEvent[],
): TimelinePoint[] {
  const seconds: Second[] = []
  const second = (t: number): Second => {
    const index = Math.max(0, Math.floor(t))
    while (seconds.length <= index) seconds.push({ requests: [], sample: null, events: [] })
    return seconds[index] as Second
  }
  for (const request of requests) second((endedAt(request) - startedAt) / 1000).requests.push(request)
  for (const sample of samples) second(sample.tS).sample = sample
  for (const event of events) {
    const text = event.message === '' ? event.name : `${event.name}: ${event.message}`
    second((event.at - startedAt) / 1000).events.push(text)
  }
  let before: Sample | null = null
  return seconds.map((each, tS) => {
    const point = toPoint(trialId, tS, each, before)
    before = each.sample ?? before
    return point
  })
}

function toPoint(trialId: string, tS: number, second: Second, before: Sample | null): TimelinePoint {
  const { requests, sample, events } = second
  const sum = (
    key:
      | 'blocks'
      | 'blocksHit'
      | 'promptTokens'
      | 'cachedTokens'
      | 'outputTokens'
      | 'bytesRead'
      | 'bytesWritten',
  ): number => requests.reduce((total, request) => total + request[key], 0)
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
  const ttft = measured(requests.map((request) => request.ttftMs))
  const tpot = measured(requests.map((request) => request.tpotMs))
  const any = requests.length > 0
  return {
    trialId,
    tS,
    requests: requests.length,
    blockHitRate: share(sum('blocksHit'), sum('blocks')),
    tokenHitRate: share(sum('cachedTokens'), sum('promptTokens')),
    hopsMean: histogramMean(addHistograms(requests.map((request) => request.hopsHistogram))),
    ttftMsP50: quantile(ttft, 0.5),
    ttftMsP95: quantile(ttft, 0.95),
    tpotMsP50: quantile(tpot, 0.5),
    outputTokensPerS: any ? sum('outputTokens') : null,
    bytesReadPerS: any ? sum('bytesRead') : null,
    bytesWrittenPerS: any ? sum('bytesWritten') : null,
    storedBytes: sample?.storedBytes ?? null,
    evictedChunks: increase(before?.evictedChunks ?? 0, sample?.evictedChunks),
    migratedChunks: increase(before?.migratedChunks ?? 0, sample?.migratedChunks),
    epoch: sample?.epoch ?? null,
    event: events.join('; '),
  }
}

/** Growth of a counter; a host that was restarted counts from 0 again, which is no decrease. */
function increase(before: number, now: number | null | undefined): number | null {
  return now === null || now === undefined ? null : Math.max(0, now - before)
}
