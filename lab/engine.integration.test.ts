import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LabState } from '#shared/contract/console-api'
import { histogramMean } from '#shared/stats/quantile'
import { bundleFor } from './testing/agent-bundle'
import { anEngine, isFinished, isPaused, type EngineUnderTest } from './testing/engine'
import { smallDisk, temporaryFolder } from './testing/folders'
import { isAlive } from './testing/processes'

const { agent } = await bundleFor({ cli: false })
const documentsDirectory = join(import.meta.dirname, '..', 'node_modules', '@stdlib', 'datasets-sotu', 'data')

/** A small experiment over real packets, on a constellation of 5x3. */
const yaml = (parameters: string, factors: string): string => `name: Small
seed: 11
parameters: { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, document_count: 2, document_tokens: 256,
  kvc_bytes_per_token: 1024, chunk_bytes: 4096, block_tokens: 64, output_tokens: 8, prefill_tokens_per_s: 20000,
  decode_tokens_per_s: 500, ${parameters} }
factors: ${factors}
`

const realEngine = (dataDirectory = temporaryFolder()): Promise<EngineUnderTest> =>
  anEngine(undefined, { dataDirectory, agentEntry: agent, documentsDirectory })

/** Kill a host of the running lab as the system would. */
async function kill({ client }: EngineUnderTest, hostId: string): Promise<void> {
  const state = (await client.call('labState', {})) as Extract<LabState, { kind: 'running' }>
  const host = state.hosts.find((each) => each.hostId === hostId)
  if (host?.state.kind !== 'healthy') throw new Error(`${hostId} is not healthy`)
  process.kill(host.state.pid, 'SIGKILL')
}

const allRequests = async ({ client }: EngineUnderTest, runId: string, trialId: string | null = null) =>
  (await client.call('requests', { runId, trialId, offset: 0, limit: 10_000 })).rows

describe('a run on real hosts', () => {
  it('ends in files whose numbers add up', async () => {
    const lab = await realEngine()
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml(
        'sessions: 6, turns: 2, link_delay: virtual, servers: 9',
        '{ cache: [off, skymemory], strategy: [rotation, hop] }',
      ),
    })
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    const csv = (name: string): Record<string, string>[] =>
      parse(readFileSync(join(directory, name)), { columns: true })
    const [trials, requests, satellites, timeline] = ['trials', 'requests', 'satellites', 'timeline'].map(
      (name) => csv(`${name}.csv`),
    ) as [
      Record<string, string>[],
      Record<string, string>[],
      Record<string, string>[],
      Record<string, string>[],
    ]

    expect(trials.map((row) => row['status'])).toEqual(['completed', 'completed', 'completed'])
    const sum = (rows: Record<string, string>[], column: string): number =>
      rows.reduce((total, row) => total + Number(row[column]), 0)
    for (const trial of trials) {
      const of = (rows: Record<string, string>[]): Record<string, string>[] =>
        rows.filter((row) => row['trial_id'] === trial['trial_id'])
      const own = of(requests)
      expect(own).toHaveLength(12)
      expect(Number(trial['requests'])).toBe(12)
      expect(sum(of(timeline), 'requests')).toBe(12)
      expect(Number(trial['block_hit_rate'])).toBeCloseTo(sum(own, 'blocks_hit') / sum(own, 'blocks'), 12)
      expect(Number(trial['token_hit_rate'])).toBeCloseTo(
        sum(own, 'cached_tokens') / sum(own, 'prompt_tokens'),
        12,
      )
      expect([trial['half_blocks_served'], trial['wrong_bytes_served'], trial['failed_requests']]).toEqual([
        '0',
        '0',
        '0',
      ])
      if (trial['cache'] === 'off') continue
      // The same block in a satellite's books and in the requests'.
      expect(sum(of(satellites), 'bytes')).toBe(sum(own, 'bytes_written'))
      expect(sum(of(satellites), 'gets')).toBeGreaterThanOrEqual(sum(own, 'chunks_fetched'))
      expect(Number(trial['block_hit_rate'])).toBeGreaterThan(0)
    }
    const detail = await client.call('run', { runId })
    const rows = await allRequests(lab, runId, 't003')
    const hops =
      rows[0]?.hopsHistogram.map((_, h) => rows.reduce((n, row) => n + (row.hopsHistogram[h] ?? 0), 0)) ?? []
    for (const row of rows)
      for (const [h, n] of row.hopsHistogram.entries()) if (h >= hops.length) hops[h] = (hops[h] ?? 0) + n
    expect(detail.trials[2]?.summary?.['hops_mean']).toBeCloseTo(histogramMean(hops) ?? NaN, 12)
  })

  it('shows its constellation while it runs', async () => {
    const lab = await realEngine()
    const { client } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 2000, turns: 2, servers: 9, rotation_period_s: 0.5', '{ strategy: [rotation] }'),
    })
    const snapshot = await new Promise<Awaited<ReturnType<typeof client.call<'constellation'>>>>(
      (resolve) => {
        const stop = client.on('constellationChanged', (each) => {
          if (each.epoch === 0 || !each.satellites.some((satellite) => satellite.bytes > 0)) return
          stop()
          resolve(each)
        })
      },
    )
    expect(snapshot).toMatchObject({ slots: 5, planes: 3 })
    expect(snapshot?.servers).toHaveLength(9)
    expect(snapshot?.satellites).toHaveLength(15)
    expect(snapshot?.centre).toEqual({ slot: (2 - (snapshot?.epoch ?? 0) + 50) % 5, plane: 1 })
    const server = snapshot?.servers[4] ?? { slot: 0, plane: 0 }
    const detail = await client.call('satelliteDetail', server)
    expect(detail.links).toHaveLength(4)
    expect(detail.counters).toMatchObject(server)
    await client.call('cancelRun', { runId })
  })
})

describe('a killed host', () => {
  it('of satellites turns its blocks into misses; the run goes on', async () => {
    const lab = await realEngine()
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 100, turns: 2, servers: 9, concurrency: 2', '{ strategy: [rotation, hop] }'),
    })
    await until(runId, (run) => run.requestsDone >= 10)
    await kill(lab, 'nuc2')
    const end = await until(runId, isFinished)
    expect(end.state).toMatchObject({ failedTrials: 0 })
    expect(end.requestsDone).toBe(400)
    const run = await client.call('run', { runId })
    for (const { summary } of run.trials) {
      expect(summary).toMatchObject({ requests: 200, half_blocks_served: 0, wrong_bytes_served: 0 })
    }
    const { events } = await client.call('timeline', { runId })
    const own = events.filter((event) => event.message.startsWith('nuc2 '))
    expect(own.map(({ trialId, name }) => `${trialId} ${name}`)).toEqual([
      't001 host_lost',
      't002 host_returned',
    ])
  })

  it('of inference fails the trial, which can be repeated alone', async () => {
    const lab = await realEngine()
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 100, turns: 2, servers: 4', '{ strategy: [rotation, hop] }'),
    })
    await until(runId, (run) => run.requestsDone >= 10)
    await kill(lab, 'jetson')
    const end = await until(runId, isFinished)
    expect(end.state).toMatchObject({ failedTrials: 1 })
    const failed = (await client.call('run', { runId })).trials[0]
    expect(failed?.state).toMatchObject({ kind: 'failed', error: { code: 'trial_failed' } })
    const kept = await allRequests(lab, runId, 't001')
    expect(kept.length).toBeGreaterThanOrEqual(10)
    expect(kept.map((row) => row.seq)).toEqual(kept.map((row) => row.seq).sort((a, b) => a - b))
    expect(readdirSync(join(lab.options.dataDirectory, 'journals'))).toEqual([])
    await client.call('repeatTrial', { runId, trialId: 't001' })
    await until(runId, (run) => isFinished(run) && run.requestsDone === 400)
    expect(
      (await client.call('run', { runId })).trials.map(({ attempt, state }) => [attempt, state.kind]),
    ).toEqual([
      [2, 'completed'],
      [1, 'completed'],
    ])
  })

  it('is started again on request in mid-trial, and joins in', async () => {
    const lab = await realEngine()
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 200, turns: 2, servers: 9, concurrency: 2', '{ strategy: [rotation] }'),
    })
    await until(runId, (run) => run.requestsDone >= 10)
    const crashed = new Promise<void>((resolve) => {
      const stop = client.on('labChanged', (state) => {
        if (state.kind !== 'running' || state.hosts[1]?.state.kind !== 'crashed') return
        stop()
        resolve()
      })
    })
    const storedOf = async (hostId: string): Promise<number> =>
      (await client.call('constellation', {}))?.satellites
        .filter((satellite) => satellite.hostId === hostId)
        .reduce((sum, satellite) => sum + satellite.bytes, 0) ?? 0
    const before = await storedOf('nuc1')
    expect(before).toBeGreaterThan(0)
    await kill(lab, 'nuc2')
    await crashed
    await client.call('restartHost', { hostId: 'nuc2' })
    // The others keep what they hold; only the killed one begins anew.
    expect(await storedOf('nuc1')).toBeGreaterThan(0.3 * before)
    const state = await client.call('labState', {})
    expect(state.kind === 'running' && state.hosts.map((host) => host.state.kind)).toEqual(
      Array(4).fill('healthy'),
    )
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    const [trial] = (await client.call('run', { runId })).trials
    expect(trial?.summary).toMatchObject({ requests: 400, half_blocks_served: 0, wrong_bytes_served: 0 })
    const rows = await allRequests(lab, runId)
    // Hits return after the host has: the last requests find their blocks again.
    expect(rows.slice(-10).every((row) => row.blocksHit > 0)).toBe(true)
  })
})

describe('storage that fails in mid-run', () => {
  it('for want of space: the run pauses, and goes on with nothing lost', async ({ skip }) => {
    const disk = smallDisk(64)
    if (!disk) return skip('this user may not mount a small disk')
    onTestFinished(() => disk.unmount())
    const lab = await realEngine(join(disk.path, 'data'))
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 150, turns: 2, servers: 9, concurrency: 2', '{ strategy: [rotation] }'),
    })
    await until(runId, (run) => run.requestsDone >= 20)
    disk.fill()
    const paused = await until(runId, isPaused)
    expect(paused.state).toMatchObject({
      reason: { code: 'storage_full', message: expect.stringContaining(disk.path) as string },
    })
    disk.clear()
    await client.call('resumeRun', { runId })
    const end = await until(runId, (run) => isFinished(run) || isPaused(run))
    expect(end.state).toMatchObject({ kind: 'finished', failedTrials: 0 })
    const rows = await allRequests(lab, runId)
    expect(rows).toHaveLength(300)
    expect(new Set(rows.map((row) => row.requestId)).size).toBe(300)
  })

  it('for want of a folder: the next trial waits until it can be written', async () => {
    const dataDirectory = temporaryFolder()
    const journals = join(dataDirectory, 'journals')
    const lab = await realEngine(dataDirectory)
    const { client, until } = lab
    const { runId } = await client.call('startRun', {
      yaml: yaml('sessions: 100, turns: 2, servers: 9', '{ strategy: [rotation, hop] }'),
    })
    await until(runId, (run) => run.requestsDone >= 5)
    rmSync(journals, { recursive: true })
    writeFileSync(journals, 'not a folder any more')
    const paused = await until(runId, isPaused)
    expect(paused.state).toMatchObject({ reason: { code: 'storage_unwritable' } })
    expect(paused.trialsDone).toBe(1)
    await client.call('resumeRun', { runId })
    expect((await until(runId, isPaused)).state).toMatchObject({ reason: { code: 'storage_unwritable' } })
    rmSync(journals)
    await client.call('resumeRun', { runId })
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    expect(await allRequests(lab, runId)).toHaveLength(400)
  })
})

it('leaves no process behind when it is disposed in mid-run', async () => {
  const lab = await realEngine()
  const { client, engine, until } = lab
  const { runId } = await client.call('startRun', { yaml: yaml('sessions: 500, turns: 2, servers: 9', '{}') })
  await until(runId, (run) => run.requestsDone >= 5)
  const state = (await client.call('labState', {})) as Extract<LabState, { kind: 'running' }>
  const pids = state.hosts.flatMap((host) => (host.state.kind === 'healthy' ? [host.state.pid] : []))
  expect(pids).toHaveLength(4)
  await engine.dispose()
  expect(pids.filter(isAlive)).toEqual([])
})
