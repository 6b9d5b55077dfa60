import type { LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { blockLatency } from '#shared/simulation/latency/latency'
import { spreadCalculator, type SpreadCalculator } from '#shared/simulation/latency/spread-calculator'
import { sweepRows, sweepSize, withProcessingTime, type SweepGrid } from '#shared/simulation/sweep/grid'
import { paperConfiguration, paperTables, paperValues } from '#shared/simulation/sweep/paper-sweep'
import { sweepCsvLines } from '#shared/simulation/sweep/sweep-csv'
import { strategies } from '#shared/placement/placement'
import { quantile } from '#shared/stats/quantile'

/**
 * What the authors' Python simulator takes for one configuration of 81 servers, µs. Stated, not measured here: the range of
 * the issue that asked for this model; their program is not part of the project. On another machine it differs.
 */
const statedPythonMicroseconds = { least: 216, most: 340 } as const

export interface Speed {
  readonly microsecondsPerConfiguration: number
  readonly configurationsPerS: number
  /** How many times as fast as the stated range of the Python simulator. */
  readonly timesPython: { readonly least: number; readonly most: number }
}

export interface LatencyModelReport {
  readonly servers: number
  readonly python: string
  /** Sweeps through the calculator, each varying one parameter innermost. */
  readonly sweepOf: Record<'kvcBytes' | 'chunkProcessingTime' | 'altitude', Speed>
  /** Every combination of the paper's values at 81 servers, all strategies: placements included. */
  readonly factorialSweep: Speed
  /** The same, with its lines of CSV. */
  readonly factorialSweepWithCsv: Speed
  /** One configuration by itself, with its placement and every server's row. */
  readonly single: Speed
  /** The paper's whole sweep, twelve tables, 132 configurations of 9 to 81 servers, µs. */
  readonly paperSweepMicroseconds: number
}

const servers = 81
const rounds = 9

/** Median over some rounds, after one to warm up, µs. */
function microseconds(configurations: number, work: () => number): number {
  const measured: number[] = []
  for (let round = -1; round < rounds; round++) {
    const start = performance.now()
    const result = work()
    if (!(result > 0)) throw new Error('the model has no result')
    if (round >= 0) measured.push(((performance.now() - start) * 1000) / configurations)
  }
  return (
    quantile(
      measured.sort((a, b) => a - b),
      0.5,
    ) ?? NaN
  )
}

/** The sweep over and over: once takes too little time to be measured well. */
const sweeps = 20

function repeated(work: () => number): number {
  let sum = 0
  for (let sweep = 0; sweep < sweeps; sweep++) sum += work()
  return sum
}

function speed(microsecondsPerConfiguration: number): Speed {
  const { least, most } = statedPythonMicroseconds
  return {
    microsecondsPerConfiguration,
    configurationsPerS: 1e6 / microsecondsPerConfiguration,
    timesPython: { least: least / microsecondsPerConfiguration, most: most / microsecondsPerConfiguration },
  }
}

/** The paper's latency model with 81 servers on its torus of 15x15. */
export function benchLatencyModel(): LatencyModelReport {
  const calculate = spreadCalculator()
  const varied = (count: number, at: (index: number) => Partial<LatencyConfiguration>): Speed => {
    const configurations = Array.from({ length: count }, (_, index) => ({
      ...paperConfiguration,
      ...at(index),
    }))
    return speed(microseconds(count, () => sumOf(calculate, configurations)))
  }
  const grid: SweepGrid = {
    preset: ['paper'],
    strategy: strategies,
    slots: [paperConfiguration.torus.slots],
    planes: [paperConfiguration.torus.planes],
    centre: [paperConfiguration.centre],
    rotations: [0],
    servers: [servers],
    altitudeM: paperValues.ALTITUDE,
    kvcBytes: paperValues.KVC_BYTES,
    chunkBytes: [paperConfiguration.chunkBytes],
    chunkProcessingTimeS: paperValues.CHUNK_PROCESSING_TIME,
  }
  const size = sweepSize(grid)
  const factorial = (): number => {
    let sum = 0
    for (const { first, chunkProcessingTimesS } of sweepRows(grid, 0, size)) {
      for (const timeS of chunkProcessingTimesS) sum += calculate(withProcessingTime(first, timeS)).maxS
    }
    return sum
  }
  const alone = Array.from({ length: 2_000 }, (_, index) => ({
    ...paperConfiguration,
    altitudeM: 160_000 + index,
  }))
  return {
    servers,
    python: `${statedPythonMicroseconds.least} to ${statedPythonMicroseconds.most} µs a configuration, stated, not measured here`,
    sweepOf: {
      kvcBytes: varied(100_000, (index) => ({ kvcBytes: 1_048_576 + index * 211 })),
      chunkProcessingTime: varied(100_000, (index) => ({ chunkProcessingTimeS: 0.002 + index * 1e-7 })),
      altitude: varied(100_000, (index) => ({ altitudeM: 160_000 + index * 17 })),
    },
    factorialSweep: speed(microseconds(size * sweeps, () => repeated(factorial))),
    factorialSweepWithCsv: speed(
      microseconds(size * sweeps, () => repeated(() => sweepCsvLines(grid, 0, size).length)),
    ),
    single: speed(
      microseconds(alone.length, () => alone.reduce((sum, one) => sum + blockLatency(one).maxS, 0)),
    ),
    paperSweepMicroseconds: microseconds(sweeps, () => repeated(() => paperTables().length)),
  }
}

function sumOf(calculate: SpreadCalculator, configurations: readonly LatencyConfiguration[]): number {
  let sum = 0
  for (const configuration of configurations) sum += calculate(configuration).maxS
  return sum
}
