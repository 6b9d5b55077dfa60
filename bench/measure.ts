import { quantile } from '#shared/stats/quantile'

export interface Throughput {
  /** Median over all repetitions, bytes per second. */
  readonly bytesPerS: number
  readonly p10BytesPerS: number
  readonly p90BytesPerS: number
  readonly repetitions: number
}

/**
 * Measures several ways to move the same bytes in turn (A B C A B C …), so that a machine whose speed drifts treats all
 * of them alike.
 */
export async function compareThroughput(
  bytes: number,
  ways: Readonly<Record<string, () => Promise<void>>>,
  repetitions: number,
): Promise<Partial<Record<string, Throughput>>> {
  const seconds = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
  const warmUp = Math.ceil(repetitions / 5)
  for (let round = -warmUp; round < repetitions; round++) {
    for (const [name, move] of Object.entries(ways)) {
      const start = performance.now()
      await move()
      if (round >= 0) seconds.get(name)?.push((performance.now() - start) / 1000)
    }
  }
  const entries = [...seconds].map(([name, measured]) => [name, throughput(bytes, measured)] as const)
  return Object.fromEntries(entries)
}

function throughput(bytes: number, seconds: readonly number[]): Throughput {
  const sorted = seconds.toSorted((a, b) => a - b)
  const at = (q: number): number => bytes / (quantile(sorted, q) ?? NaN)
  return { bytesPerS: at(0.5), p10BytesPerS: at(0.9), p90BytesPerS: at(0.1), repetitions: seconds.length }
}
