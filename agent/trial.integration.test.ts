import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Failures } from '#shared/contract/agent-control'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { collectTrial } from './testing/collect-records'
import { startTestLab, type TestLab } from './testing/agent-process'

const small: ParameterValues = {
  ...defaultParameters,
  slots: 9,
  planes: 5,
  centre_slot: 4,
  centre_plane: 2,
  servers: 9,
  block_tokens: 16,
  kvc_bytes_per_token: 1_024,
  chunk_bytes: 1_000,
  document_count: 3,
  document_tokens: 100,
  sessions: 4,
  turns: 2,
  output_tokens: 4,
  prefill_tokens_per_s: 20_000,
  decode_tokens_per_s: 1_000,
}
const words = 'The quick brown fox jumps over the lazy dog and thinks about satellites. '
const documents = ['One', 'Two', 'Three'].map((title) => ({ title, text: `${title}: ${words.repeat(40)}` }))

describe('a trial on agents as processes', () => {
  let lab: TestLab
  let trials = 0

  beforeAll(async () => {
    lab = await startTestLab(9, 5)
    await lab.inference.control.call('loadDocuments', { from: 0, documents })
  })
  afterAll(async () => {
    await lab.stop()
  })

  async function run(changes: Partial<ParameterValues>) {
    const parameters = { ...small, ...changes }
    const trialKey = `t${++trials}`
    await Promise.all(
      lab.satellites.map((host) => host.control.call('prepareTrial', { trialKey, parameters })),
    )
    await lab.inference.control.call('startTrial', { trialKey, seed: 7, parameters })
    const trial = await collectTrial(lab.inference.control, trialKey)
    const counters = await Promise.all(lab.satellites.map((host) => host.control.call('counters', {})))
    return { ...trial, satellites: counters.flatMap((counter) => counter.satellites) }
  }

  async function fail(failures: Failures) {
    for (const host of lab.satellites) await host.control.call('setFailures', failures)
    await lab.inference.control.call('setFailures', failures)
  }

  test('adaptive fetches what is faster to fetch, and computes what is not', async () => {
    const hits = ({ requests }: Awaited<ReturnType<typeof run>>) =>
      requests.reduce((sum, { blocksHit }) => sum + blocksHit, 0)
    const harm = ({ requests }: Awaited<ReturnType<typeof run>>) =>
      requests.filter(({ harmful }) => harmful).length
    // 0.3 s to a satellite so high up, for blocks that are computed in 0.2 ms each: every hit does harm.
    const far = { link_delay: 'virtual', altitude_m: 100_000_000, prefill_tokens_per_s: 80_000 } as const
    const always = await run({ ...far, concurrency: 1 })
    const adaptive = await run({ ...far, concurrency: 1, fetch: 'adaptive' })
    expect(harm(always)).toBeGreaterThan(4)
    // The first hit, and a probe, are what it learns from.
    expect(harm(adaptive)).toBeGreaterThan(0)
    expect(harm(adaptive)).toBeLessThanOrEqual(2)
    expect(hits(adaptive)).toBeGreaterThan(0)
    expect(hits(adaptive)).toBeLessThan(hits(always) / 2)
    // Near by, and slow to compute: everything is fetched.
    const near = { concurrency: 1, prefill_tokens_per_s: 2_000 }
    expect(hits(await run({ ...near, fetch: 'adaptive' }))).toBe(hits(await run(near)))
  })

  test('later prompts find the blocks of earlier ones, and every byte is right', async () => {
    const { requests, finished } = await run({})
    expect(finished.outcome).toBe('completed')
    expect(requests).toHaveLength(8)
    expect(requests.every((request) => request.status === 'ok')).toBe(true)
    const second = requests.filter((request) => request.turn === 1)
    expect(second.every((request) => request.blocksHit >= 6 && request.bytesRead > 0)).toBe(true)
    expect(
      requests.reduce(
        (sum, request) => sum + (request.wrongBytesServed ?? NaN) + request.halfBlocksServed,
        0,
      ),
    ).toBe(0)
  })

  test('chunks are counted where they are stored, and hops as the geometry says', async () => {
    const { requests, satellites } = await run({ strategy: 'rotation', servers: 9 })
    const stored = satellites.reduce((sum, satellite) => sum + satellite.bytes, 0)
    const written = requests.reduce((sum, request) => sum + request.bytesWritten, 0)
    expect(stored).toBeGreaterThan(0)
    expect(written).toBeGreaterThanOrEqual(stored)
    expect(satellites.filter((satellite) => satellite.chunks > 0)).toHaveLength(9)
    for (const { hopsHistogram, chunksFetched } of requests) {
      expect(hopsHistogram).toEqual(chunksFetched === 0 ? [] : [0, chunksFetched])
    }
  })

  test('with the model on board the centre is 0 hops away', async () => {
    const { requests } = await run({ strategy: 'hop', servers: 5 })
    const warm = requests.filter((request) => request.blocksHit > 0)
    expect(warm.length).toBeGreaterThan(0)
    for (const { hopsHistogram } of warm) {
      expect(hopsHistogram).toHaveLength(2)
      expect(hopsHistogram[0]).toBeGreaterThan(0)
    }
  })

  test('the constellation turns and no read is lost', async () => {
    const { requests, entries, satellites } = await run({
      strategy: 'hop_rotation',
      // Light needs some 50 ms over the three links of a migration, so that many reads fall into one.
      link_delay: 'real',
      rotation_period_s: 0.15,
      sessions: 30,
      document_count: 1,
      concurrency: 3,
    })
    const rotations = entries.filter(
      ({ record }) => record.kind === 'event' && record.name === 'rotation_finished',
    )
    expect(rotations.length).toBeGreaterThan(3)
    expect(satellites.reduce((sum, satellite) => sum + satellite.migratedOut, 0)).toBeGreaterThan(0)
    expect(satellites.reduce((sum, satellite) => sum + satellite.purgedBlocks, 0)).toBe(0)
    // After the first conversations have stored the document, every later one must find all of it.
    const late = requests.filter((request) => request.sessionId >= 3)
    expect(late.every((request) => request.blocksHit >= 6)).toBe(true)
  })

  test('virtual delay adds light time to the metrics and waits for nothing', async () => {
    const { requests } = await run({ link_delay: 'virtual', servers: 25 })
    const warm = requests.filter((request) => request.blocksHit > 0)
    expect(warm.length).toBeGreaterThan(0)
    for (const { propagationMs, getMs } of warm) {
      expect(propagationMs).toBeGreaterThan(2 * (550_000 / 299_792_458) * 1000)
      expect(getMs).toBeGreaterThanOrEqual(propagationMs ?? Infinity)
    }
  })

  test('real delay holds packets at least for their light time', async () => {
    const { requests } = await run({ link_delay: 'real', sessions: 3 })
    const { delay } = await lab.inference.control.call('status', {})
    expect(delay.packets).toBeGreaterThan(0)
    expect(delay.achievedMs).toBeGreaterThanOrEqual(delay.demandedMs * 0.999)
    for (const { propagationMs, getMs } of requests.filter((request) => request.blocksHit > 0)) {
      expect(getMs).toBeGreaterThanOrEqual((propagationMs ?? Infinity) * 0.999)
    }
  })

  test('a small memory evicts, and what lost a chunk is never served', async () => {
    for (const eviction of ['gossip', 'lazy'] as const) {
      const { requests, satellites } = await run({ eviction, satellite_bytes: 16_000, sessions: 12 })
      expect(satellites.reduce((sum, satellite) => sum + satellite.evictions, 0)).toBeGreaterThan(0)
      expect(satellites.every((satellite) => satellite.bytes <= 16_000)).toBe(true)
      expect(requests.every((request) => request.status === 'ok')).toBe(true)
      expect(
        requests.reduce(
          (sum, request) => sum + (request.wrongBytesServed ?? NaN) + request.halfBlocksServed,
          0,
        ),
      ).toBe(0)
    }
  })

  test('binary search finds the same prefix as asking for all', async () => {
    const batch = await run({ lookup: 'batch', concurrency: 1 })
    const search = await run({ lookup: 'binary_search', concurrency: 1 })
    expect(search.requests.map((request) => request.blocksHit)).toEqual(
      batch.requests.map((request) => request.blocksHit),
    )
  })

  test('without a cache nothing is looked up or stored', async () => {
    const { requests, satellites } = await run({ cache: 'off' })
    expect(requests.every((request) => request.blocksHit === 0 && request.lookupMs === null)).toBe(true)
    expect(satellites.every((satellite) => satellite.sets === 0)).toBe(true)
  })

  test('a failed server makes misses, not errors', async () => {
    const failed = { satellites: [{ slot: 4, plane: 2 }], links: [] }
    await fail(failed)
    const { requests } = await run({})
    await fail({ satellites: [], links: [] })
    expect(requests.every((request) => request.status === 'ok' && request.blocksHit === 0)).toBe(true)
  })

  test('a failed link is gone around', async () => {
    const failed = { satellites: [], links: [{ slot: 5, plane: 2, direction: 'slot' as const }] }
    await fail(failed)
    const { requests } = await run({ los_slots: 1, los_planes: 1, servers: 25 })
    await fail({ satellites: [], links: [] })
    const warm = requests.filter((request) => request.blocksHit > 0)
    expect(warm.length).toBeGreaterThan(0)
    // From (4,2) to (6,2) the straight way has 2 links, and 4 with the ground link and the detour.
    const steps = warm.flatMap((request) => request.routes).find((route) => route.steps.at(-1)?.slot === 6)
    expect(steps?.steps.some((step) => step.plane !== 2)).toBe(true)
  })
})
