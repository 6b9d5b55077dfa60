import fc from 'fast-check'
import { anyPlacement } from '../../placement/testing/any-placement'
import type { LatencyConfiguration } from '../latency/configuration'

/** Any allowed configuration, mostly of plausible sizes. */
export const anyLatencyConfiguration: fc.Arbitrary<LatencyConfiguration> = fc
  .tuple(
    anyPlacement,
    fc.record({
      preset: fc.constantFrom('paper' as const, 'default' as const),
      altitudeM: fc.double({ min: 1, max: 4e7, noNaN: true }),
      kvcBytes: fc.integer({ min: 1, max: 50_000_000 }),
      chunkBytes: fc.integer({ min: 1, max: 1_000_000 }),
      chunkProcessingTimeS: fc.double({ min: 0, max: 10, noNaN: true }),
    }),
  )
  .map(([placed, rest]) => ({ ...placed, ...rest }))
