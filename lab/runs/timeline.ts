import type { TimelinePoint } from '#shared/contract/console-api'
import type { EventRecord } from '#shared/experiment/records'
import { binTimeline } from '#shared/experiment/timeline'
import type { Attempt } from '../store/run-store'
import type { Store } from '../store/store'

/** An attempt second by second, from its stored records; empty where it never started. */
export async function timelineOf(
  { records, machines }: Pick<Store, 'records' | 'machines'>,
  trialId: string,
  { attemptId, startedAt }: Attempt,
): Promise<{ points: TimelinePoint[]; events: EventRecord[] }> {
  const events = await records.events(attemptId)
  if (startedAt === null) return { points: [], events }
  // The host's own word is exact; the engine learns of the start a little later.
  const start = events.find((event) => event.name === 'trial_started')?.at ?? startedAt
  const requests = await records.ofAttempt(attemptId)
  const samples = await records.samples(attemptId)
  const readings = await machines.ofAttempt(attemptId)
  return { points: binTimeline({ trialId, startedAt: start, requests, events, samples, readings }), events }
}
