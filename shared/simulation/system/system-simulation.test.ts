import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildSky } from '../../constellation/orbits/build-sky'
import { parseOrbitOptions } from '../../constellation/orbits/orbit-options'
import { tleFile, walkerElements, walkerTleStartMs } from '../../constellation/orbits/testing/make-tle'
import type { Walker } from '../../constellation/orbits/walker'
import { constellationPresets } from '../../constellation/presets'
import type { ParameterValues } from '../../experiment/parameters'
import { strategies } from '../../placement/placement'
import { addHistograms, histogramMean } from '../../stats/quantile'
import type { TraceBatch } from '../traces/trace-batch'
import { replayTrace } from '../replay/replay'
import { generatedTrace } from './generated-trace'
import { skyOf } from './sky-space'
import { simulateTrace, smallSystem, type Simulated } from './testing/simulate'

const trace = generatedTrace(3, { requests: 80, families: 4, blocksPerRequest: 6, meanGapMs: 60 })
const sum = (simulated: Simulated, name: keyof Simulated['satellites'][number]): number =>
  simulated.satellites.reduce((total, satellite) => total + satellite[name], 0)

const anySystem = fc.record({
  strategy: fc.constantFrom(...strategies),
  servers: fc.integer({ min: 1, max: 30 }),
  eviction: fc.constantFrom('gossip' as const, 'lazy' as const),
  lookup: fc.constantFrom('batch' as const, 'binary_search' as const),
  satellite_bytes: fc.constantFrom(0, 20_000, 60_000, 10_000_000),
  bytes_in_flight: fc.constantFrom(65_536, 1_000_000),
  link_delay: fc.constantFrom('off' as const, 'simulated' as const),
  rotation_period_s: fc.constantFrom(0, 0.11, 2),
  batch_limit: fc.constantFrom(0, 1, 3),
})

describe('a simulation', () => {
  test('is the same every time', () => {
    fc.assert(
      fc.property(anySystem, fc.nat(1_000), (changes, seed) => {
        const some = generatedTrace(seed, { requests: 30, families: 3, blocksPerRequest: 5, meanGapMs: 40 })
        const failing = { ...changes, satellite_mtbf_h: 0.01, satellite_mttr_h: 0.001 }
        expect(simulateTrace(some, failing, seed)).toEqual(simulateTrace(some, failing, seed))
      }),
      { numRuns: 25 },
    )
  })

  test('link by link is what it is over whole ways', () => {
    fc.assert(
      fc.property(anySystem, fc.nat(1_000), (changes, seed) => {
        // What arrives at one place over two ways at the very same moment has no order of its own. Links that need no time make
        // one moment of each way; over others it matters to what is evicted, and to requests that wait for each other.
        const timed = changes.link_delay !== 'off'
        const evicts = changes.satellite_bytes === 20_000 || changes.satellite_bytes === 60_000
        fc.pre(!timed || (changes.eviction === 'lazy' && !evicts))
        const together = generatedTrace(seed, {
          requests: 25,
          families: 3,
          blocksPerRequest: 5,
          meanGapMs: 90,
        })
        const some = timed ? oneByOne(together, 2_003) : together
        const whole = simulateTrace(some, changes)
        // A failure long after the end makes packets go link by link.
        const byLink = simulateTrace(some, { ...changes, failures: '1000000 satellite 0,0 1' })
        expect(byLink.requests.map(inOrder)).toEqual(like(whole.requests.map(inOrder)))
        expect(byLink.satellites).toEqual(whole.satellites)
      }),
      { numRuns: 60 },
    )
  })

  test('with endless memory and time hits what an infinite cache hits', () => {
    const slow = generatedTrace(5, { requests: 40, families: 3, blocksPerRequest: 6, meanGapMs: 60_000 })
    const { requests } = simulateTrace(slow, { satellite_bytes: 1e12 })
    const hits = requests.reduce((total, request) => total + request.blocksHit, 0)
    const ceiling = replayTrace(slow, 'lru', Infinity).prefixHitBlocks
    // A hand-over may lose nothing: reads look at both places.
    expect(hits).toBe(ceiling)
    expect(ceiling).toBeGreaterThan(0)
  })

  test('moves chunks that are larger than a packet', () => {
    const changes = {
      servers: 1,
      kvc_bytes_per_token: 300_000,
      chunk_bytes: 1_500_000,
      satellite_bytes: 1e12,
    }
    const simulated = simulateTrace(trace, changes)
    expect(simulated.requests).toHaveLength(trace.requests)
    expect(sum(simulated, 'migratedOut')).toBeGreaterThan(0)
  })

  test('never reports more than an infinite cache, nor stores more than fits', () => {
    fc.assert(
      fc.property(anySystem, (changes) => {
        const simulated = simulateTrace(trace, changes)
        expect(simulated.requests).toHaveLength(trace.requests)
        const hits = simulated.requests.reduce((total, request) => total + request.blocksHit, 0)
        expect(hits).toBeLessThanOrEqual(replayTrace(trace, 'lru', Infinity).prefixHitBlocks)
        for (const { bytes } of simulated.satellites)
          expect(bytes).toBeLessThanOrEqual(changes.satellite_bytes)
        expect(simulated.finished?.outcome).toBe('completed')
      }),
      { numRuns: 40 },
    )
  })

  test('counts whatever is stored in and out', () => {
    for (const eviction of ['gossip', 'lazy'] as const) {
      const simulated = simulateTrace(trace, { satellite_bytes: 60_000, eviction })
      expect(sum(simulated, 'evictions')).toBeGreaterThan(0)
      const sample = simulated.samples.at(-1)
      expect(sample?.evictedChunks).toBeLessThanOrEqual(sum(simulated, 'evictions'))
      expect(sum(simulated, 'migratedOut')).toBeLessThanOrEqual(sum(simulated, 'migratedIn'))
    }
  })
})

describe('times', () => {
  const alone = generatedTrace(1, { requests: 1, families: 1, blocksPerRequest: 4, meanGapMs: 1 })

  test('without a cache are those of the model alone', () => {
    const { requests } = simulateTrace(alone, { cache: 'off', prefill_quadratic_s: 0 })
    const tokens = alone.inputTokens[0] as number
    expect(requests[0]?.prefillMs).toBeCloseTo((tokens / 20_000) * 1000, 9)
    expect(requests[0]?.ttftMs).toBeCloseTo((tokens / 20_000) * 1000, 9)
    expect(requests[0]?.e2eMs).toBeCloseTo((tokens / 20_000) * 1000 + 4, 9)
    expect(requests[0]?.tpotMs).toBeCloseTo(1, 9)
  })

  test('a request waits for its place in the batch', () => {
    const together = generatedTrace(2, { requests: 4, families: 1, blocksPerRequest: 2, meanGapMs: 1e-6 })
    const ttft = (batch_limit: number): number[] =>
      simulateTrace(together, { cache: 'off', batch_limit }).requests.map((request) => request.ttftMs ?? 0)
    const prefillMs = ttft(0)[0] as number
    const decodeMs = 4
    ttft(0).forEach((ms, i) => expect(ms).toBeCloseTo((i + 1) * prefillMs, 3))
    ttft(1).forEach((ms, i) => expect(ms).toBeCloseTo((i + 1) * prefillMs + i * decodeMs, 3))
  })

  test('a slow link takes the time of its bytes, one packet after another', () => {
    const changes = { servers: 1, link_delay: 'off' as const, rotation_period_s: 0 }
    const { requests } = simulateTrace(alone, { ...changes, ground_megabits_per_s: 8 })
    // 8 Mbit/s are 1,000 bytes a ms: four blocks of 16,384 B in 24 chunks each, with their headers, up one link.
    const bytes = 4 * (60 + 34 + 8 * 24 + 16_384) + 4 * (60 + 60)
    expect(requests[0]?.setMs).toBeGreaterThan(bytes / 1000)
    expect(requests[0]?.setMs).toBeLessThan(bytes / 1000 + 3)
    expect(simulateTrace(alone, changes).requests[0]?.setMs).toBe(0)
  })
})

describe('failures', () => {
  test('a failed server makes misses, and what it held is found again after the repair', () => {
    const quiet = generatedTrace(7, { requests: 30, families: 1, blocksPerRequest: 3, meanGapMs: 1_000 })
    const { requests, events } = simulateTrace(quiet, {
      rotation_period_s: 0,
      failures: '8 satellite 4,2 10',
    })
    const hitsAt = (from: number, to: number): number[] =>
      requests
        .filter((request) => request.startedAt > from && request.startedAt < to)
        .map((request) => request.blocksHit)
    expect(hitsAt(3_000, 8_000).some((hits) => hits > 0)).toBe(true)
    expect(hitsAt(8_000, 18_000).every((hits) => hits === 0)).toBe(true)
    expect(hitsAt(18_500, 30_000).some((hits) => hits > 0)).toBe(true)
    expect(events.map((event) => event.message)).toContain('satellite at slot 4, plane 2 failed')
    expect(events.map((event) => event.message)).toContain('satellite at slot 4, plane 2 restored')
  })

  test('a failed link is gone around', () => {
    const changes = { servers: 25, los_slots: 1, los_planes: 1, rotation_period_s: 0 }
    const hopsOf = (failures: string): number =>
      histogramMean(
        addHistograms(
          simulateTrace(trace, { ...changes, failures }).requests.map((each) => each.hopsHistogram),
        ),
      ) ?? 0
    expect(hopsOf('0 link 5,2 slot 1000000')).toBeGreaterThan(hopsOf('none'))
  })

  test('come at random as often as their mean time says', () => {
    const long = generatedTrace(9, { requests: 200, families: 2, blocksPerRequest: 1, meanGapMs: 60_000 })
    const { events, finished } = simulateTrace(long, { satellite_mtbf_h: 20, satellite_mttr_h: 0.1 })
    const failed = events.filter((event) => event.name === 'satellite_failed').length
    const expected = ((finished?.durationS ?? 0) / 3600 / 20) * smallSystem.slots * smallSystem.planes
    expect(failed).toBeGreaterThan(expected - 4 * Math.sqrt(expected) - 1)
    expect(failed).toBeLessThan(expected + 4 * Math.sqrt(expected) + 1)
  })
})

/** Its requests so far apart, ms, that each has ended when the next one comes. */
function oneByOne(some: TraceBatch, gapMs: number): TraceBatch {
  return { ...some, timestampsMs: some.timestampsMs.map((_, request) => request * gapMs) }
}

/** Servers that are as far away answer in any order. */
function inOrder(record: Simulated['requests'][number]): Simulated['requests'][number] {
  return { ...record, routes: record.routes.toSorted((a, b) => a.server - b.server) }
}

/** What is like it, each number to a nanosecond: light times add up in another order, so that the last bits may differ. */
function like(value: unknown): unknown {
  if (typeof value === 'number') return expect.closeTo(value, 6)
  if (Array.isArray(value)) return value.map(like)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, like(each)]))
}

describe('real orbits', () => {
  const walker = {
    orbits: 'walker' as const,
    slots: 22,
    planes: 72,
    inclination_deg: 53,
    phasing: 17,
    rotation_period_s: 0,
    satellite_bytes: 1e9,
  }
  const long = generatedTrace(4, { requests: 60, families: 3, blocksPerRequest: 4, meanGapMs: 10_000 })

  test('the placement follows the satellite overhead, and what is stored goes with it', () => {
    for (const strategy of ['rotation', 'hop_rotation'] as const) {
      const simulated = simulateTrace(long, { ...walker, strategy })
      const turns = simulated.events.filter((event) => event.name === 'rotation_finished')
      expect(turns.length).toBeGreaterThan(3)
      expect(sum(simulated, 'migratedOut')).toBeGreaterThan(0)
      expect(sum(simulated, 'purgedBlocks')).toBe(0)
      const hits = simulated.requests.reduce((total, request) => total + request.blocksHit, 0)
      expect(hits).toBe(replayTrace(long, 'lru', Infinity).prefixHitBlocks)
    }
  })

  test('the planes of a preset stand as far apart as it says', () => {
    const { oneweb } = constellationPresets
    const parameters = { ...smallSystem, ...oneweb.options, rotation_period_s: 0 }
    const across = (changes: Partial<ParameterValues>): number =>
      skyOf({ ...parameters, ...changes }, '').linkDistanceM(0, parameters.slots, 0)
    const built = buildSky(parseOrbitOptions({ ...oneweb.options, ground_lat_deg: 40, ground_lon_deg: -105 }))
    expect(across({})).toBe(built.sky.linkDistanceM(0, parameters.slots, 0))
    // 0 is the spread of the pattern.
    expect(across({ node_spread_deg: 0 })).toBe(across({ node_spread_deg: 180 }))
    expect(across({ node_spread_deg: 0 })).toBeLessThan(across({}))
    expect(simulateTrace(long, parameters).requests.every(({ status }) => status === 'ok')).toBe(true)
  })

  test('light takes as long as the distances say', () => {
    const { requests } = simulateTrace(long, walker)
    for (const { propagationMs } of requests.filter((request) => request.chunksFetched > 0)) {
      // There and back to 550 km at least; a satellite at 25 degrees is about 1,120 km away, and links add to it.
      expect(propagationMs).toBeGreaterThan(2 * (550_000 / 299_792_458) * 1000)
      expect(propagationMs).toBeLessThan(100)
    }
  })

  test('on board, nothing turns', () => {
    const simulated = simulateTrace(long, { ...walker, strategy: 'hop' })
    expect(simulated.events.map((event) => event.name)).toEqual(['trial_started'])
    expect(Math.min(...simulated.requests.map((request) => request.hopsHistogram[0] ?? 1))).toBeGreaterThan(0)
  })

  test('with nobody in sight everything is computed', () => {
    const simulated = simulateTrace(long, { ...walker, ground_lat_deg: 90, inclination_deg: 30 })
    expect(simulated.requests.every((each) => each.blocksHit === 0 && each.lookupMs === null)).toBe(true)
    expect(simulated.requests.every((each) => each.status === 'ok')).toBe(true)
  })
})

describe('the satellites of a file', () => {
  const shell: Walker = {
    torus: { slots: 22, planes: 24 },
    pattern: 'delta',
    altitudeM: 550_000,
    inclinationDeg: 53,
    phasing: 5,
  }
  const text = tleFile(walkerElements(shell))
  const tle = {
    ...shell.torus,
    orbits: 'tle' as const,
    tle_file: 'shell.tle',
    tle_start: new Date(walkerTleStartMs).toISOString(),
    min_elevation_deg: 10,
    rotation_period_s: 0,
    satellite_bytes: 1e9,
  }
  const long = generatedTrace(4, { requests: 60, families: 3, blocksPerRequest: 4, meanGapMs: 10_000 })
  const simulated = simulateTrace(long, tle, 1, text)

  test('hold what is stored, and hand it over as they pass', () => {
    expect(simulated.satellites).toHaveLength(22 * 24)
    expect(simulated.requests.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, () => 'ok'))
    const turns = simulated.events.filter((event) => event.name === 'rotation_finished')
    expect(turns.length).toBeGreaterThan(1)
    expect(sum(simulated, 'migratedOut')).toBeGreaterThan(0)
    expect(sum(simulated, 'migratedIn')).toBe(sum(simulated, 'migratedOut'))
    const hits = simulated.requests.reduce((total, request) => total + request.blocksHit, 0)
    expect(hits).toBe(replayTrace(long, 'lru', Infinity).prefixHitBlocks)
    expect(simulateTrace(long, tle, 1, text)).toEqual(simulated)
  })

  test('are as far away as the circles that they were made of', () => {
    const propagation = ({ requests }: Simulated): number => {
      const read = requests.filter((request) => request.chunksFetched > 0)
      return read.reduce((total, request) => total + (request.propagationMs ?? 0), 0) / read.length
    }
    const circles = {
      ...tle,
      orbits: 'walker' as const,
      altitude_m: 550_000,
      inclination_deg: 53,
      phasing: 5,
    }
    // Seen from another meridian: the same shell, some other moment of its passes.
    expect(propagation(simulated) / propagation(simulateTrace(long, circles))).toBeGreaterThan(0.7)
    expect(propagation(simulated) / propagation(simulateTrace(long, circles))).toBeLessThan(1.4)
  })

  test('are refused with the right numbers where the experiment has another grid', () => {
    for (const [slots, planes] of [
      [22, 72],
      [24, 22],
    ] as const) {
      expect(() => simulateTrace(long, { ...tle, slots, planes }, 1, text)).toThrow(
        expect.objectContaining({
          code: 'invalid_experiment',
          message: `the satellites of shell.tle form a grid of 22x24, not of ${slots}x${planes}`,
          hint: 'Set slots to 22 and planes to 24.',
        }),
      )
    }
  })
})
