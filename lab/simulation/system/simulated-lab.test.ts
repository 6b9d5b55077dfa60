import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { StoredRequest } from '#shared/contract/console-api'
import { defaultParameters } from '#shared/experiment/parameters'
import type { LabChange, LabHosts } from '../../hosts/lab-hosts'
import { anEngine, isAtRest, isFinished, isPaused, type EngineUnderTest } from '../../testing/engine'
import { describeLabHosts } from '../../testing/lab-hosts-suite'
import { workerBundle } from '../../testing/worker-bundle'
import { simulatedLab } from './simulated-lab'

const workerEntry = await workerBundle()
const start = simulatedLab(workerEntry)

/** Threads that were begun here and run, the newest last. */
const threads: Worker[] = []
process.on('worker', (thread: Worker) => {
  threads.push(thread)
  thread.once('exit', () => threads.splice(threads.indexOf(thread), 1))
})
/** End the newest thread as running out of memory does. */
const killNewest = (): void => void threads.at(-1)?.terminate()

/**
 * Two tests of the suite do not apply: the hosts are one thread, so that none can be lost alone, and the journal is lost with
 * it. What happens instead is tested below.
 */
describeLabHosts('the simulated lab', {
  start,
  kill: killNewest,
  hosts: [
    ['simulated-satellites', 'satellite', [0, 1]],
    ['simulated-model', 'inference', []],
  ],
  inOneThread: true,
})

/** More requests in a trial than the thread sends without being acknowledged, so that it is in mid-trial as long as we are. */
const requestsOfTrial = 12_000
/** Requests of three blocks, of which two are common. */
const trace = Array.from({ length: requestsOfTrial }, (_, i) =>
  JSON.stringify({
    timestamp: i * 20,
    input_length: 1_400,
    output_length: 4,
    hash_ids: [0, 1 + (i % 2), 3 + i],
  }),
).join('\n')
const folder = mkdtempSync(join(tmpdir(), 'skymemory-traces-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'trace.jsonl'), trace)

const twoTrials = `name: Simulated
seed: 9
lab: simulated
parameters: { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, kvc_bytes_per_token: 4, chunk_bytes: 1024,
  block_tokens: 512, servers: 2, satellite_bytes: 200000, link_delay: simulated, rotation_period_s: 60,
  prefill_tokens_per_s: 1000000, trace: ${join(folder, 'trace.jsonl')} }
factors: { strategy: [rotation, hop] }
`

const anEngineWithThreads = (): Promise<EngineUnderTest> => anEngine(undefined, { workerEntry })

/** Everything that was simulated, on the trial's own clock. */
async function resultsOf({ client }: EngineUnderTest, runId: string) {
  const { trials } = await client.call('run', { runId })
  const rows: StoredRequest[] = []
  for (let total = Infinity; rows.length < total;) {
    const page = await client.call('requests', { runId, trialId: null, offset: rows.length, limit: 2_000 })
    total = page.total
    rows.push(...page.rows)
  }
  const begins = new Map<string, number>()
  for (const { trialId, startedAt } of rows) {
    begins.set(trialId, Math.min(startedAt, begins.get(trialId) ?? Infinity))
  }
  return {
    summaries: trials.map(({ summary }) => summary),
    // Pauses are entries of the journal too, and count in its numbers.
    requests: rows.map(({ startedAt, seq: _seq, ...row }) => ({
      ...row,
      afterMs: Math.round(startedAt - (begins.get(row.trialId) ?? 0)),
    })),
  }
}

/** Resolves when more than so many requests are stored, while the first trial runs. */
const inMidTrial = (engine: EngineUnderTest, runId: string) =>
  engine.until(runId, (run) => run.state.kind === 'running' && run.requestsDone > 20)

describe('a simulated run', { timeout: 60_000 }, () => {
  it('is paused and goes on in mid-trial: nothing is lost, nothing doubled', async () => {
    const engine = await anEngineWithThreads()
    const { client, until } = engine
    const undisturbed = await client.call('startRun', { yaml: twoTrials })
    await until(undisturbed.runId, isFinished)
    const wanted = await resultsOf(engine, undisturbed.runId)
    expect(wanted.requests).toHaveLength(2 * requestsOfTrial)

    const { runId } = await client.call('startRun', { yaml: twoTrials })
    for (let pause = 1; pause <= 2; pause++) {
      await until(runId, (run) => run.state.kind === 'running' && run.requestsDone > 300 * pause)
      await client.call('pauseRun', { runId })
      const paused = await until(runId, isPaused)
      expect(paused.requestsDone).toBeLessThan(requestsOfTrial)
      // What was on its way when it was told is stored; then nothing moves.
      await new Promise((resolve) => setTimeout(resolve, 300))
      const still = (await client.call('run', { runId })).requestsDone
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect((await client.call('run', { runId })).requestsDone).toBe(still)
      await client.call('resumeRun', { runId })
    }
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    const got = await resultsOf(engine, runId)
    expect(got).toEqual(wanted)
    const { events } = await client.call('timeline', { runId })
    const names = events.filter(({ trialId }) => trialId === 't001').map(({ name }) => name)
    expect(names.filter((name) => name === 'paused')).toHaveLength(2)
    expect(names.filter((name) => name === 'resumed')).toHaveLength(2)
  })

  it('is cancelled in mid-trial, keeping what was simulated, and another one can begin', async () => {
    const engine = await anEngineWithThreads()
    const { client, until } = engine
    const { runId } = await client.call('startRun', { yaml: twoTrials })
    await inMidTrial(engine, runId)
    await client.call('cancelRun', { runId })
    const end = await until(runId, isAtRest)
    expect(end.state.kind).toBe('cancelled')
    expect(end.requestsDone).toBeLessThan(requestsOfTrial)
    const { requests } = await resultsOf(engine, runId)
    expect(requests).toHaveLength(end.requestsDone)
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(requests.length)
    const next = await client.call('startRun', { yaml: twoTrials })
    expect((await until(next.runId, isFinished)).requestsDone).toBe(2 * requestsOfTrial)
  })

  it('loses the trial whose thread dies, goes on with the next, and repeats the lost one with the same numbers', async () => {
    const engine = await anEngineWithThreads()
    const { client, until } = engine
    const { runId } = await client.call('startRun', { yaml: twoTrials })
    await inMidTrial(engine, runId)
    killNewest()
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 1 })
    const { trials } = await client.call('run', { runId })
    expect(trials.map(({ state }) => state.kind)).toEqual(['failed', 'completed'])
    expect(trials[0]?.state).toMatchObject({ error: { code: 'trial_failed' } })
    await client.call('repeatTrial', { runId, trialId: 't001' })
    const repeated = await until(runId, (run) => isFinished(run) && run.requestsDone === 2 * requestsOfTrial)
    expect(repeated.state).toMatchObject({ failedTrials: 0 })
    const undisturbed = await client.call('startRun', { yaml: twoTrials })
    await until(undisturbed.runId, isFinished)
    expect(await resultsOf(engine, runId)).toEqual(await resultsOf(engine, undisturbed.runId))
  })
})

describe('the thread of a simulated lab', () => {
  const shape = { slots: 5, planes: 3 }
  const started = async (): Promise<{ lab: LabHosts; changes: LabChange[] }> => {
    const changes: LabChange[] = []
    const lab = await start(
      shape,
      () => undefined,
      (change) => changes.push(change),
      new AbortController().signal,
    )
    onTestFinished(() => lab.stop())
    // Node tells of a new thread in its next turn.
    await new Promise((resolve) => setImmediate(resolve))
    return { lab, changes }
  }

  it('takes both hosts with it when it ends, and both come back with a new one', async () => {
    const { lab, changes } = await started()
    const lost = new Promise((resolve) => {
      lab.onChange((change) => change.kind === 'lost' && change.host.role === 'inference' && resolve(change))
    })
    const asked = lab.poll()
    killNewest()
    await lost
    // Nobody waits for an answer that cannot come.
    await asked
    expect(lab.hosts().map(({ state }) => state.kind)).toEqual(['crashed', 'crashed'])
    expect(() => lab.satellite('simulated-satellites')).toThrow(
      expect.objectContaining({ code: 'host_down' }),
    )
    expect(() => lab.inference()).toThrow(expect.objectContaining({ code: 'host_down' }))
    await lab.restart(['simulated-satellites'])
    const names = (kind: LabChange['kind']) =>
      changes.flatMap((change) => (change.kind === kind && 'host' in change ? [change.host.hostId] : []))
    expect(names('lost')).toEqual(['simulated-satellites', 'simulated-model'])
    expect(names('returned')).toEqual(['simulated-satellites', 'simulated-model'])
    expect(lab.hosts().map(({ state }) => state.kind)).toEqual(['healthy', 'healthy'])
    expect(await lab.inference().call('trialStatus', {})).toEqual({ kind: 'idle' })
    await expect(
      lab.inference().call('subscribeRecords', { trialKey: 'lost', afterSeq: 0 }),
    ).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is looked at by itself, so that a timeline has its samples', async () => {
    const { lab } = await started()
    const parameters = {
      ...defaultParameters,
      ...shape,
      centre_slot: 2,
      centre_plane: 1,
      block_tokens: 512,
      kvc_bytes_per_token: 4,
      trace: join(folder, 'trace.jsonl'),
    }
    await lab.inference().call('startTrial', { trialKey: 'looked.1', seed: 1, parameters })
    const stored = () =>
      lab
        .samples()
        .get('simulated-satellites')
        ?.satellites.filter(({ bytes }) => bytes > 0)
    await vi.waitFor(() => expect(stored()?.length).toBeGreaterThan(0), { timeout: 20_000 })
  }, 30_000)

  it('is not started where its file is missing', async () => {
    await expect(
      simulatedLab('/nowhere/worker.mjs')(
        shape,
        () => undefined,
        () => undefined,
        new AbortController().signal,
      ),
    ).rejects.toMatchObject({ code: 'lab_start_failed' })
  })
})
