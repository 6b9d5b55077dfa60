import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded stream of random numbers. */
export interface RandomStream {
  /** 0 (included) to 1 (excluded). */
  real(): number
  /** 0 to count - 1. */
  below(count: number): number
}

/**
 * Endless independent streams of one seed, in order: xoroshiro128+, each stream 2^64 numbers behind the one before (its `jump`).
 * What is drawn from one stream does not change what the next ones give.
 * @param seed unsigned 32 bit
 */
export function* randomStreams(seed: number): Generator<RandomStream, never> {
  const generator = xoroshiro128plus(seed)
  for (;;) {
    // The jump comes first: the generator's own start is close to the seed itself, and similar for similar seeds.
    generator.jump()
    const stream = generator.clone()
    yield { real: () => uniformFloat64(stream), below: (count) => uniformInt(stream, 0, count - 1) }
  }
}

/** A random permutation of some values (Fisher-Yates). */
export function shuffled<T>(values: readonly T[], random: RandomStream): T[] {
  const mixed = [...values]
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const value = mixed[last] as T
    mixed[last] = mixed[other] as T
    mixed[other] = value
  }
  return mixed
}
