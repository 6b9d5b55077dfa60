import { quantile } from '#shared/stats/quantile'

export interface Throughput {
  /** Median over all repetitions, bytes per second. */
  readonly bytesPerS: number
  readonly p10BytesPerS: number
  readonly p90BytesPerS: number
  readonly repetitions: number
}

/** So many moves follow one another before it is the next way's turn: throughput is what a way keeps up. */
const movesPerTurn = 20

/**
 * Measures several ways to move the same bytes in turn (A A … B B … A A …), so that a machine whose speed drifts treats all
 * of them alike. The turns of the first fifth warm up.
 * @param repetitions of each way; a multiple of `movesPerTurn`
 */
export async function compareThroughput(
  bytes: number,
  ways: Readonly<Record<string, () => Promise<void>>>,
  repetitions: number,
): Promise<Partial<Record<string, Throughput>>> {
  const seconds = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
  const turns = repetitions / movesPerTurn
  for (let turn = -Math.ceil(turns / 5); turn < turns; turn++) {
    for (const [name, move] of Object.entries(ways)) {
      for (let i = 0; i < movesPerTurn; i++) {
        const start = performance.now()
        await move()
        if (turn >= 0) seconds.get(name)?.push((performance.now() - start) / 1000)
      }
    }
  }
  const entries = [...seconds].map(([name, measured]) => [name, throughput(bytes, measured)] as const)
  return Object.fromEntries(entries)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return quantile(sorted, 0.5) ?? NaN
}

function throughput(bytes: number, seconds: readonly number[]): Throughput {
  const sorted = seconds.toSorted((a, b) => a - b)
  const at = (q: number): number => bytes / (quantile(sorted, q) ?? NaN)
  return { bytesPerS: at(0.5), p10BytesPerS: at(0.9), p90BytesPerS: at(0.1), repetitions: seconds.length }
}
