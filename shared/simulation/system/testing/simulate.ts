import { defaultParameters, type ParameterValues } from '../../../experiment/parameters'
import type {
  EventRecord,
  FinishedRecord,
  RequestRecord,
  SatelliteCounters,
} from '../../../experiment/records'
import type { CounterSample } from '../../../experiment/timeline'
import { randomStreams } from '../../../workload/random'
import { noSession, type TraceBatch } from '../../traces/trace-batch'
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
): Simulated {
  const requests: RequestRecord[] = []
  const events: EventRecord[] = []
  const samples: CounterSample[] = []
  let finished: FinishedRecord | null = null
  const simulation = new SystemSimulation({
    parameters: { ...smallSystem, ...changes },
    seed,
    workload: new TraceWorkload(trace),
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

export interface GeneratedTrace {
  readonly requests: number
  /** Prompts that share a first part: every request extends or repeats one of so many. */
  readonly families: number
  readonly blocksPerRequest: number
  readonly meanGapMs: number
  readonly blockTokens?: number
}

/** A trace made from a seed: prompts begin with the blocks of one of some families, and end with blocks of their own. */
export function generatedTrace(seed: number, options: GeneratedTrace): TraceBatch {
  const { requests, families, blocksPerRequest, meanGapMs, blockTokens = 16 } = options
  const random = randomStreams(seed).next().value
  const starts = new Int32Array(requests + 1)
  const ids: number[] = []
  const timestampsMs = new Float64Array(requests)
  const common = Array.from({ length: families }, (_, family) => family * blocksPerRequest)
  let next = families * blocksPerRequest
  let now = 0
  for (let request = 0; request < requests; request++) {
    now += -meanGapMs * Math.log(1 - random.real())
    timestampsMs[request] = now
    const first = common[random.below(families)] as number
    const shared = random.below(blocksPerRequest) + 1
    for (let block = 0; block < blocksPerRequest; block++) ids.push(block < shared ? first + block : next++)
    starts[request + 1] = ids.length
  }
  return {
    requests,
    blockTokens,
    timestampsMs,
    inputTokens: new Int32Array(requests).fill(blocksPerRequest * blockTokens - 3),
    outputTokens: new Int32Array(requests).fill(5),
    blockStarts: starts,
    blockIds: Int32Array.from(ids),
    sessions: new Int32Array(requests).fill(noSession),
    delaysMs: new Float64Array(requests).fill(NaN),
    uniqueBlocks: next,
  }
}
