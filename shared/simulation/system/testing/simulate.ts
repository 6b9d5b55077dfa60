import { defaultParameters, type ParameterValues } from '../../../experiment/parameters'
import type {
  EventRecord,
  FinishedRecord,
  RequestRecord,
  SatelliteCounters,
} from '../../../experiment/records'
import type { CounterSample } from '../../../experiment/timeline'
import type { TraceBatch } from '../../traces/trace-batch'
import { SystemSimulation } from '../system-simulation'
import { TraceWorkload } from '../trace-workload'

export interface Simulated {
  readonly requests: RequestRecord[]
  readonly events: EventRecord[]
  readonly finished: FinishedRecord | null
  readonly samples: CounterSample[]
  readonly satellites: SatelliteCounters[]
}

/** Small blocks on a small constellation. */
export const smallSystem: ParameterValues = {
  ...defaultParameters,
  slots: 9,
  planes: 5,
  centre_slot: 4,
  centre_plane: 2,
  block_tokens: 16,
  kvc_bytes_per_token: 1_024,
  chunk_bytes: 700,
  prefill_tokens_per_s: 20_000,
  decode_tokens_per_s: 1_000,
  link_delay: 'simulated',
  rotation_period_s: 0.5,
}

export function simulateTrace(
  trace: TraceBatch,
  changes: Partial<ParameterValues> = {},
  seed = 1,
  tleText = '',
): Simulated {
  const requests: RequestRecord[] = []
  const events: EventRecord[] = []
  const samples: CounterSample[] = []
  let finished: FinishedRecord | null = null
  const simulation = new SystemSimulation({
    parameters: { ...smallSystem, ...changes },
    seed,
    workload: new TraceWorkload(trace),
    tleText,
    startedAtMs: 0,
    recordRoutes: true,
    onRecord: (record) => {
      if (record.kind === 'request') requests.push(record)
      else if (record.kind === 'event') events.push(record)
      else finished = record
    },
    onSample: (sample) => samples.push(sample),
  })
  while (simulation.step(1_000));
  return { requests, events, finished, samples, satellites: simulation.satellites() }
}
