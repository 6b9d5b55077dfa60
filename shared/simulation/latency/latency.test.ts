import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { chunkCount } from '../../kvc/chunks'
import { strategies } from '../../placement/placement'
import { anyLatencyConfiguration } from '../testing/any-latency-configuration'
import { paperConfiguration } from '../sweep/paper-sweep'
import type { LatencyConfiguration } from './configuration'
import { blockLatency } from './latency'
import { spreadCalculator } from './spread-calculator'

describe('blockLatency', () => {
  test('a block of three chunks on two servers, by hand', () => {
    const { perServer, ...spread } = blockLatency({
      preset: 'default',
      strategy: 'rotation',
      torus: { slots: 4, planes: 1 },
      centre: { slot: 0, plane: 0 },
      rotations: 0,
      servers: 2,
      altitudeM: 1000,
      kvcBytes: 250,
      chunkBytes: 100,
      chunkProcessingTimeS: 1,
    })
    // A quarter of the orbit away: a chord of sqrt(2) radii.
    const farM = Math.sqrt(2 * 6_372_000 ** 2 + 1000 ** 2)
    const farS = farM / 299_792_458
    const nearS = 1000 / 299_792_458
    expect(perServer.map(({ slot, chunks }) => [slot, chunks])).toEqual([
      [3, 2],
      [0, 1],
    ])
    expect(perServer[0]!.distanceM).toBeCloseTo(farM, 6)
    expect(perServer[1]!.distanceM).toBe(1000)
    expect(spread.maxS).toBeCloseTo(2 + farS, 12)
    expect(spread.minS).toBeCloseTo(1 + nearS, 12)
    expect(spread.meanS).toBeCloseTo((3 + farS + nearS) / 2, 12)
    expect(spread.stdS).toBeCloseTo((1 + farS - nearS) / 2, 12)
    expect(spread.seS).toBeCloseTo(spread.stdS / Math.SQRT2, 12)
  })

  test('on board, the way is that over the links', () => {
    const { perServer } = blockLatency({ ...paperConfiguration, strategy: 'hop', servers: 3 })
    const linkM = (6_371_000 + 1_920_000) * 2 * Math.sin(Math.PI / 15)
    expect(perServer.map(({ distanceM }) => distanceM)).toEqual([
      0,
      expect.closeTo(linkM, 3),
      expect.closeTo(linkM, 3),
    ])
  })

  test('all chunks lie somewhere; the spread is that of the servers', () => {
    fc.assert(
      fc.property(anyLatencyConfiguration, (configuration) => {
        const { perServer, maxS, minS, meanS, stdS } = blockLatency(configuration)
        const times = perServer.map(({ timeS }) => timeS)
        const chunks = perServer.reduce((sum, server) => sum + server.chunks, 0)
        expect(chunks).toBe(chunkCount(configuration.kvcBytes, configuration.chunkBytes))
        expect(maxS).toBe(Math.max(...times))
        expect(minS).toBe(Math.min(...times))
        expect(meanS).toBeGreaterThanOrEqual(minS * (1 - 1e-12))
        expect(meanS).toBeLessThanOrEqual(maxS * (1 + 1e-12))
        expect(stdS).toBeLessThanOrEqual(((maxS - minS) / 2) * (1 + 1e-9) + 1e-15)
      }),
    )
  })

  test('the centre does not matter, not even at the edges of the torus', () => {
    fc.assert(
      fc.property(anyLatencyConfiguration, (configuration) => {
        const { perServer: _, ...here } = blockLatency(configuration)
        const { perServer: __, ...corner } = blockLatency({ ...configuration, centre: { slot: 0, plane: 0 } })
        expect(corner).toEqual(here)
      }),
    )
  })

  test('a rotation moves chunks, not times: the multiset of distances stays', () => {
    const sorted = (rotations: number): number[] =>
      blockLatency({ ...paperConfiguration, rotations })
        .perServer.map(({ distanceM }) => distanceM)
        .sort((a, b) => a - b)
    expect(sorted(5)).toEqual(sorted(0))
  })
})

describe('spreadCalculator', () => {
  test('says what blockLatency says, to the last bit, whatever it kept from before', () => {
    fc.assert(
      fc.property(
        fc.array(anyLatencyConfiguration, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 12 }),
        (configurations, mixes) => {
          const calculate = spreadCalculator()
          // Placement, altitude and load of different configurations mixed, so that some things are kept and some not.
          for (const [placed, scaled, loaded] of mixes) {
            const from = (index: number): LatencyConfiguration =>
              configurations[index % configurations.length]!
            const { preset, altitudeM } = from(scaled)
            const { kvcBytes, chunkBytes, chunkProcessingTimeS } = from(loaded)
            const load = { kvcBytes, chunkBytes, chunkProcessingTimeS }
            const configuration = { ...from(placed), preset, altitudeM, ...load }
            const { perServer: _, ...spread } = blockLatency(configuration)
            expect(calculate(configuration)).toEqual(spread)
          }
        },
      ),
    )
  })
})

describe('bad input', () => {
  const refused = (change: Partial<LatencyConfiguration>): SkyError => {
    try {
      blockLatency({ ...paperConfiguration, ...change })
    } catch (thrown) {
      if (thrown instanceof SkyError) return thrown
      throw thrown
    }
    throw new Error('it was not refused')
  }
  const torus = (slots: number, planes: number): Partial<LatencyConfiguration> => ({
    torus: { slots, planes },
  })
  const bad = [NaN, Infinity, -Infinity, -1]

  test.each([
    ...bad.flatMap((value): [Partial<LatencyConfiguration>, RegExp][] => [
      [{ altitudeM: value }, /^altitude is (NaN|-?Infinity|-1) m/],
      [{ kvcBytes: value }, /^kvc-bytes is/],
      [{ chunkBytes: value }, /^chunk-bytes is/],
      [{ chunkProcessingTimeS: value }, /^chunk-processing-time is/],
      [{ servers: value }, /^servers is/],
      [{ rotations: value }, /^rotations is/],
      [torus(value, 15), /^slots is/],
      [torus(15, value), /^planes is/],
      [{ centre: { slot: value, plane: 0 } }, /^centre is/],
    ]),
    [{ altitudeM: 0 }, /^altitude is 0 m/],
    [{ altitudeM: 1e300 }, /^altitude is 1e\+300 m/],
    [{ chunkProcessingTimeS: 1e300 }, /^chunk-processing-time is 1e\+300 s/],
    [{ kvcBytes: 0 }, /^kvc-bytes is 0/],
    [{ chunkBytes: 0.5 }, /^chunk-bytes is 0.5/],
    [{ servers: 0 }, /^servers is 0/],
    [{ servers: 226 }, /^servers is 226, but 15 slots and 15 planes make 225 satellites/],
    [{ centre: { slot: 15, plane: 0 } }, /^centre is 15,0, outside the torus of 15 slots and 15 planes/],
    [{ centre: { slot: 0, plane: 1.5 } }, /^centre is 0,1.5/],
    [torus(100_000, 100_000), /^slots is 100000, with 100000 planes: 10000000000 satellites/],
  ])('%j is refused', (change, message) => {
    const { code, message: said, hint } = refused(change)
    expect(code).toBe('invalid_argument')
    expect(said).toMatch(message)
    expect(hint).toMatch(/^Allowed for [\w-]+: /)
  })

  test('every strategy takes every number of servers that fits', () => {
    const small = { ...paperConfiguration, torus: { slots: 4, planes: 3 }, centre: { slot: 3, plane: 2 } }
    for (const strategy of strategies) {
      for (let servers = 1; servers <= 12; servers++) {
        expect(blockLatency({ ...small, strategy, servers }).perServer).toHaveLength(servers)
      }
    }
  })
})
