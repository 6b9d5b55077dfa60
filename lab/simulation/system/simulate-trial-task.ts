import { requestColumns, type RequestRow } from '#shared/experiment/csv-columns'
import { summariseTrial, type RequestFigures, type TrialMetrics } from '#shared/experiment/metrics'
import type { EventRecord, FinishedRecord, SatelliteCounters } from '#shared/experiment/records'
import { binTimeline, type CounterSample } from '#shared/experiment/timeline'
import type { PlannedTrial, TimelinePoint } from '#shared/contract/console-api'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { writeCsv } from '../../export/csv-file'
import type { TaskContext } from '../workers/task'
import { tleTextOf } from './tle-text'
import { trialSimulation } from './trial-simulation'

export interface SimulateTrialInput {
  readonly runId: string
  readonly trial: PlannedTrial
  /** In shared memory, so that every thread reads the same copy. */
  readonly trace: TraceBatch
  readonly startedAtMs: number
  /** Where the rows of requests.csv go, header included. */
  readonly requestsPath: string
}

export interface SimulatedTrial {
  readonly summary: TrialMetrics
  readonly satellites: SatelliteCounters[]
  readonly timeline: TimelinePoint[]
  readonly requestRows: number
  readonly events: number
  /** What simulating took, without reading the trace, s. */
  readonly wallS: number
}

/** Events between two looks at what has come out. */
const eventsAtATime = 50_000

/** Simulates one trial on a trace, and writes its requests as they are answered; reports how many are. */
export async function simulateTrialTask(
  { runId, trial, trace, startedAtMs, requestsPath }: SimulateTrialInput,
  { report }: TaskContext<number>,
): Promise<SimulatedTrial> {
  const begun = performance.now()
  const requests: RequestFigures[] = []
  const events: EventRecord[] = []
  const samples: CounterSample[] = []
  let finished: FinishedRecord | null = null
  const { trialId, seed, parameters } = trial
  const simulation = trialSimulation(
    { seed, parameters, documents: [], trace, tleText: await tleTextOf(parameters), startedAtMs },
    {
      onRecord: (record) => {
        if (record.kind === 'event') events.push(record)
        else if (record.kind === 'finished') finished = record
        else {
          const { kind: _kind, routes: _routes, ...figures } = record
          requests.push(figures)
        }
      },
      onSample: (sample) => samples.push(sample),
    },
  )
  async function* rows(): AsyncGenerator<RequestRow[]> {
    let written = 0
    for (let more = true; more;) {
      more = simulation.step(eventsAtATime)
      report(simulation.requestsDone)
      yield requests.slice(written).map((request) => ({ runId, trialId, request }))
      written = requests.length
    }
  }
  const { rows: requestRows } = await writeCsv(requestsPath, requestColumns, rows())
  const satellites = simulation.satellites()
  const timeline = binTimeline({ trialId, startedAt: startedAtMs, requests, events, samples })
  return {
    summary: summariseTrial(requests, satellites, finished),
    satellites,
    timeline,
    requestRows,
    events: simulation.events,
    wallS: (performance.now() - begun) / 1000,
  }
}
