import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { SystemSimulation } from '#shared/simulation/system/system-simulation'
import { TraceWorkload } from '#shared/simulation/system/trace-workload'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { generatedTrace } from '#shared/simulation/system/generated-trace'

interface Simulated {
  readonly satellites: number
  readonly requests: number
  readonly blocks: number
  readonly events: number
  readonly eventsPerS: number
  /** Of simulating, without making the trace. */
  readonly seconds: number
  readonly microsecondsPerRequest: number
  readonly blockHitRate: number
  readonly rssMb: number
}

/** As large as the conversation trace of Mooncake: 12,031 requests of 24 blocks in an hour. */
const conversation = {
  requests: 12_031,
  families: 600,
  blocksPerRequest: 24,
  meanGapMs: 299,
  blockTokens: 512,
}
/** Rates of a host that keeps up with it, and satellites that hold a third of it. */
const system: ParameterValues = {
  ...defaultParameters,
  block_tokens: 512,
  prefill_tokens_per_s: 100_000,
  prefill_quadratic_s: 0,
  satellite_bytes: 64e9,
  link_delay: 'simulated',
  rotation_period_s: 260,
}

/**
 * The simulation of the whole system: events a second, the time of a trace of the conversation trace's size over 1,584
 * satellites, the same over ten times as many (a request must not cost more), and a million requests over 10,000.
 */
export function benchSimulation() {
  const trace = generatedTrace(1, conversation)
  const million = {
    ...conversation,
    requests: 1_000_000,
    families: 50_000,
    blocksPerRequest: 4,
    meanGapMs: 60,
  }
  return {
    conversation72x22: simulate(trace, { slots: 22, planes: 72, centre_plane: 36 }),
    conversation160x99: simulate(trace, { slots: 99, planes: 160, centre_plane: 80 }),
    million100x100: simulate(generatedTrace(2, million), { slots: 100, planes: 100, centre_plane: 50 }),
  }
}

function simulate(trace: TraceBatch, changes: Partial<ParameterValues>): Simulated {
  const parameters = { ...system, ...changes }
  let [blocks, hits] = [0, 0]
  const start = performance.now()
  const simulation = new SystemSimulation({
    parameters,
    seed: 1,
    workload: new TraceWorkload(trace),
    startedAtMs: 0,
    onRecord: (record) => {
      if (record.kind !== 'request') return
      blocks += record.blocks
      hits += record.blocksHit
    },
  })
  while (simulation.step(100_000));
  const seconds = (performance.now() - start) / 1000
  return {
    satellites: parameters.slots * parameters.planes,
    requests: trace.requests,
    blocks,
    events: simulation.events,
    eventsPerS: Math.round(simulation.events / seconds),
    seconds,
    microsecondsPerRequest: (seconds / trace.requests) * 1e6,
    blockHitRate: hits / blocks,
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  }
}
