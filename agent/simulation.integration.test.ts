import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '#shared/contract/agent-control'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { JournalEntry, RequestRecord, SatelliteCounters } from '#shared/experiment/records'
import { SessionWorkload } from '#shared/simulation/system/session-workload'
import { SystemSimulation } from '#shared/simulation/system/system-simulation'
import { planConversationsAtOnce } from '#shared/workload/conversations'
import { beginOfText, tokenise } from '#shared/workload/llama-tokenizer'
import { collectTrial } from './testing/collect-records'
import { startTestLab, type TestLab } from './testing/agent-process'

/**
 * The proof that the simulator and the agents are the same system: one trial on real processes and in the simulation,
 * compared record for record and satellite for satellite.
 */

interface Outcome {
  readonly requests: RequestRecord[]
  readonly events: string[]
  readonly satellites: SatelliteCounters[]
}

const words = 'The quick brown fox jumps over the lazy dog and thinks about satellites. '
const documents: Document[] = ['One', 'Two', 'Three', 'Four', 'Five'].map((title) => ({
  title,
  text: `${title}: ${words.repeat(40)}`,
}))
const seed = 11

const base: ParameterValues = {
  ...defaultParameters,
  slots: 9,
  planes: 5,
  centre_slot: 4,
  centre_plane: 2,
  servers: 9,
  block_tokens: 16,
  kvc_bytes_per_token: 1_024,
  chunk_bytes: 700,
  document_count: 4,
  document_tokens: 150,
  sessions: 12,
  turns: 3,
  output_tokens: 9,
  concurrency: 1,
  rotation_requests: 3,
  prefill_tokens_per_s: 200_000,
  decode_tokens_per_s: 100_000,
}

function simulate(parameters: ParameterValues): Outcome {
  const sessions = planConversationsAtOnce({ seed, parameters, documents, beginOfText }, tokenise)
  const requests: RequestRecord[] = []
  const events: string[] = []
  const simulation = new SystemSimulation({
    parameters,
    seed,
    recordRoutes: true,
    workload: new SessionWorkload(sessions, parameters),
    startedAtMs: 0,
    onRecord: (record) => {
      if (record.kind === 'request') requests.push(record)
      if (record.kind === 'event') events.push(`${record.name} ${record.message} (epoch ${record.epoch})`)
    },
  })
  while (simulation.step(10_000));
  return { requests, events, satellites: simulation.satellites() }
}

/** What must be equal: everything that is not a time. */
function countsOf({ requests, events, satellites }: Outcome) {
  return {
    requests: requests.map((request) => ({
      requestId: request.requestId,
      sessionId: request.sessionId,
      turn: request.turn,
      promptTokens: request.promptTokens,
      outputTokens: request.outputTokens,
      blocks: request.blocks,
      blocksHit: request.blocksHit,
      cachedTokens: request.cachedTokens,
      chunksFetched: request.chunksFetched,
      hopsHistogram: request.hopsHistogram,
      bytesRead: request.bytesRead,
      bytesWritten: request.bytesWritten,
      status: request.status,
      // Servers answer in any order.
      routes: request.routes.toSorted((a, b) => a.server - b.server),
    })),
    events,
    satellites: [...satellites].sort((a, b) => a.plane - b.plane || a.slot - b.slot),
  }
}

const sum = (satellites: readonly SatelliteCounters[], name: keyof SatelliteCounters): number =>
  satellites.reduce((total, satellite) => total + satellite[name], 0)

async function measure(lab: TestLab, trialKey: string, parameters: ParameterValues): Promise<Outcome> {
  await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', { trialKey, parameters })))
  await lab.inference.control.call('loadDocuments', { from: 0, documents })
  await lab.inference.control.call('startTrial', { trialKey, seed, parameters })
  const { requests, entries } = await collectTrial(lab.inference.control, trialKey)
  const counters = await Promise.all(lab.satellites.map((host) => host.control.call('counters', {})))
  return {
    requests,
    events: entries.flatMap(({ record }: JournalEntry) =>
      record.kind === 'event' ? [`${record.name} ${record.message} (epoch ${record.epoch})`] : [],
    ),
    satellites: counters.flatMap((each) => each.satellites),
  }
}

describe.each([
  { hosts: 5, what: 'a satellite host a plane' },
  { hosts: 1, what: 'one satellite host for all planes' },
])('agents with $what, and their simulation', ({ hosts }) => {
  let lab: TestLab
  let trials = 0

  beforeAll(async () => {
    lab = await startTestLab(9, 5, hosts)
  })
  afterAll(async () => {
    await lab.stop()
  })

  /** Runs both, compares them, and answers what they agree on. */
  async function agree(changes: Partial<ParameterValues>): Promise<Outcome> {
    const parameters = { ...base, ...changes }
    const measured = await measure(lab, `t${++trials}`, parameters)
    expect(countsOf(simulate(parameters))).toEqual(countsOf(measured))
    expect(measured.requests.some((request) => request.blocksHit > 0)).toBe(true)
    return measured
  }

  for (const strategy of ['rotation', 'hop', 'hop_rotation'] as const) {
    test(`${strategy}: the same hits, hops and migrations while nothing is evicted`, async () => {
      for (const servers of [5, 9, 25]) {
        const { satellites } = await agree({ strategy, servers })
        expect(sum(satellites, 'evictions')).toBe(0)
        expect(sum(satellites, 'migratedIn') > 0).toBe(strategy !== 'hop')
      }
    })

    test(`${strategy}: the same evictions when the memory is small (lazy)`, async () => {
      for (const satellite_bytes of [40_000, 65_000]) {
        const { satellites } = await agree({ strategy, eviction: 'lazy', satellite_bytes })
        expect(sum(satellites, 'evictions')).toBeGreaterThan(0)
        expect(sum(satellites, 'purgedBlocks')).toBeGreaterThan(0)
      }
    })

    // Between hosts, word of evictions races with what the ground sends: only within one host their order is defined.
    test.runIf(hosts === 1)(`${strategy}: the same evictions and purges with gossip`, async () => {
      for (const satellite_bytes of [40_000, 65_000]) {
        const { satellites } = await agree({ strategy, eviction: 'gossip', satellite_bytes })
        expect(sum(satellites, 'evictions')).toBeGreaterThan(0)
        expect(sum(satellites, 'purgedBlocks')).toBeGreaterThan(0)
      }
    })
  }

  test('several packets a server, through a narrow flight window', async () => {
    const { satellites } = await agree({
      servers: 2,
      kvc_bytes_per_token: 200_000,
      chunk_bytes: 100_000,
      bytes_in_flight: 1_000_000,
      satellite_bytes: 40_000_000,
      eviction: 'lazy',
      sessions: 6,
    })
    expect(sum(satellites, 'evictions')).toBeGreaterThan(0)
  })

  test('binary search finds the same', async () => {
    await agree({ lookup: 'binary_search' })
  })

  test('without rotations, and without a cache', async () => {
    await agree({ rotation_requests: 0 })
    const parameters = { ...base, cache: 'off' as const }
    const measured = await measure(lab, `t${++trials}`, parameters)
    expect(countsOf({ ...simulate(parameters), satellites: [] })).toEqual(
      countsOf({ ...measured, satellites: [] }),
    )
  })
})
