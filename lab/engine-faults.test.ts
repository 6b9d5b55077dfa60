import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { RecordStore } from './store/record-store'
import { anEngine, isAtRest, isFinished, isPaused, threeTrials as experiment } from './testing/engine'
import { temporaryFolder } from './testing/folders'
import { memoryLabs } from './testing/memory-lab'
import { aRequest } from './testing/records'

afterEach(() => void vi.restoreAllMocks())

describe('a lost host', () => {
  it('of inference fails its trial alone, and the trial can be repeated', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(3)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 3)
    labs.newest().kill('jetson')
    // Its journal holds two more requests than were stored: they are fetched, and counted, once it is back.
    const journal = labs.journals.get(`${runId}.t001.1`)
    for (const requestId of [3, 4]) {
      journal?.entries.push({ seq: journal.entries.length + 1, record: aRequest({ requestId }) })
    }
    const end = await until(runId, isFinished)
    expect(end).toMatchObject({ state: { failedTrials: 1 }, requestsDone: 17 })
    const run = await client.call('run', { runId })
    expect(run.trials.map((trial) => trial.state.kind)).toEqual(['failed', 'completed', 'completed'])
    expect(run.trials[0]?.state).toMatchObject({
      error: {
        code: 'trial_failed',
        message: expect.stringContaining('jetson was killed (SIGKILL)') as string,
      },
    })
    expect((await client.call('requests', { runId, trialId: 't001', offset: 0, limit: 9 })).total).toBe(5)
    const { events } = await client.call('timeline', { runId })
    expect(
      events.filter(({ name }) => name.startsWith('host_')).map(({ trialId, name }) => `${trialId} ${name}`),
    ).toEqual(['t001 host_lost', 't002 host_returned'])

    await client.call('repeatTrial', { runId, trialId: 't001' })
    const repeated = await until(runId, (each) => isFinished(each) && each.requestsDone === 18)
    expect(repeated.state).toMatchObject({ failedTrials: 0 })
    expect((await client.call('run', { runId })).trials.map((trial) => trial.attempt)).toEqual([2, 1, 1])
    expect((await client.call('requests', { runId, trialId: 't001', offset: 0, limit: 9 })).total).toBe(6)
  })

  it('that gives up a trial fails it with its reason', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.failure = { code: 'engine_failed', message: 'no memory for the model' }
    const { runId } = await client.call('startRun', { yaml: experiment })
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 1 })
    const { trials } = await client.call('run', { runId })
    expect(trials.map((trial) => trial.state.kind)).toEqual(['failed', 'completed', 'completed'])
    expect(trials[0]).toMatchObject({
      state: { error: { code: 'engine_failed', message: 'no memory for the model' } },
      summary: null,
    })
  })

  it('that does not answer has no counters, rather than those of an earlier trial', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    const first = await client.call('startRun', { yaml: experiment })
    await until(first.runId, isFinished)
    labs.newest().mute.add('nuc2')
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, isFinished)
    // Five satellites of each of the other two hosts.
    const { trials } = await client.call('run', { runId })
    expect(trials[0]?.summary).toMatchObject({ evicted_chunks: 10, migrated_chunks: 30 })
    const { points } = await client.call('timeline', { runId })
    expect(points.filter(({ storedBytes }) => storedBytes !== null)).toMatchObject(
      Array(3).fill({ storedBytes: 100, evictedChunks: 10, migratedChunks: 30 }),
    )
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
      trials: { link_delay: { hosts: { host: string; packets: number | null }[] } }[]
    }
    expect(manifest.trials[0]?.link_delay.hosts.map(({ host, packets }) => [host, packets])).toEqual([
      ['nuc1', 2],
      ['nuc2', null],
      ['nuc3', 2],
      ['jetson', 2],
    ])
  })

  it('that goes away between two trials is started again', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    // The first question of a trial meets a host that has just ended.
    const { inferenceHost } = labs.newest()
    const { client: host } = inferenceHost
    const answer = host.call.bind(host)
    vi.spyOn(host, 'call').mockImplementationOnce((...args) => {
      labs.newest().kill('jetson')
      return answer(...args)
    })
    const { runId } = await client.call('startRun', { yaml: experiment })
    expect(await until(runId, isFinished)).toMatchObject({ state: { failedTrials: 0 }, requestsDone: 18 })
  })

  it('of satellites is noted, and comes back with the next trial', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(3)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 3)
    labs.newest().kill('nuc2')
    const state = await client.call('labState', {})
    expect(state.kind === 'running' && state.hosts[1]?.state).toMatchObject({
      kind: 'crashed',
      lastLines: ['last words'],
    })
    labs.newest().inferenceHost.allow(Infinity)
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    const { events, points } = await client.call('timeline', { runId })
    const noted = events.filter(({ name }) => name.startsWith('host_'))
    expect(noted.map(({ trialId, name, message }) => `${trialId} ${name}: ${message}`)).toEqual([
      't001 host_lost: nuc2 was killed (SIGKILL)',
      't002 host_returned: nuc2 was started again',
    ])
    expect(points.some((point) => point.event.includes('host_lost: nuc2'))).toBe(true)
  })
})

describe('a fault that somebody can remove', () => {
  it('of the lab pauses the run with the reason', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    labs.failNext(new SkyError('lab_start_failed', 'nuc1 did not start', 'Try again.'))
    const { runId } = await client.call('startRun', { yaml: experiment })
    const paused = await until(runId, isPaused)
    expect(paused.state).toMatchObject({
      reason: { code: 'lab_start_failed', message: 'nuc1 did not start' },
    })
    expect(await client.call('labState', {})).toMatchObject({
      kind: 'failed',
      error: { code: 'lab_start_failed' },
    })
    await client.call('resumeRun', { runId })
    expect((await until(runId, isFinished)).requestsDone).toBe(18)
  })

  it('of the disk pauses the run, and nothing is lost', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    const append = Reflect.get<RecordStore, 'append'>(RecordStore.prototype, 'append')
    let room = 2
    vi.spyOn(RecordStore.prototype, 'append').mockImplementation(function (this: RecordStore, ...args) {
      if (room === 0)
        return Promise.reject(new SkyError('storage_full', 'The disk is full: /data', 'Free some.'))
      room -= 1
      return append.apply(this, args)
    })
    const { runId } = await client.call('startRun', { yaml: experiment })
    const paused = await until(runId, isPaused)
    expect(paused.state).toMatchObject({
      reason: { code: 'storage_full', message: 'The disk is full: /data' },
    })
    // Still full: the run pauses again.
    await client.call('resumeRun', { runId })
    await until(runId, isPaused)
    room = Infinity
    await client.call('resumeRun', { runId })
    expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
    const { rows } = await client.call('requests', { runId, trialId: null, offset: 0, limit: 100 })
    expect(rows).toHaveLength(18)
    expect(new Set(rows.map((row) => `${row.trialId} ${row.requestId}`)).size).toBe(18)
  })

  it('of the journal pauses the run until the host can write again', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    const host = labs.newest().inferenceHost
    host.allow(2)
    host.problem = {
      code: 'storage_full',
      message: 'no space is left for the journal',
      hint: '',
      details: {},
    }
    const { runId } = await client.call('startRun', { yaml: experiment })
    const paused = await until(runId, isPaused)
    expect(paused.state).toMatchObject({ reason: { code: 'storage_full' } })
    await expect(client.call('resumeRun', { runId })).rejects.toMatchObject({ code: 'storage_full' })
    expect((await client.call('run', { runId })).state.kind).toBe('paused')
    host.problem = null
    host.allow(Infinity)
    await client.call('resumeRun', { runId })
    expect((await until(runId, isFinished)).requestsDone).toBe(18)
  })

  it('can also be answered by cancelling', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    vi.spyOn(RecordStore.prototype, 'append').mockRejectedValue(new SkyError('storage_full', 'full'))
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, isPaused)
    await client.call('cancelRun', { runId })
    expect((await until(runId, isAtRest)).state.kind).toBe('cancelled')
  })
})

describe('bad input', () => {
  it('is refused with everything that is wrong', async () => {
    const { client } = await anEngine(memoryLabs().start)
    const yaml = experiment.replace('sessions: 3', 'sessions: 0')
    const check = await client.call('checkExperiment', { yaml })
    expect(check).toMatchObject({
      ok: false,
      problems: [{ line: 3, path: 'parameters.sessions', value: '0' }],
    })
    await expect(client.call('startRun', { yaml })).rejects.toMatchObject({
      code: 'invalid_experiment',
      details: { problems: [{ line: 3 }] },
    })
    expect(await client.call('runs', {})).toEqual([])
  })

  it('is checked against the contract, as over a connection', async () => {
    const { client } = await anEngine(memoryLabs().start)
    await expect(client.call('startLab', { slots: 0, planes: 5 })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    await expect(client.call('exportRun', { runId: 'x', directory: 'relative' })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    await expect(client.call('run', { runId: 'none' })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('tells of documents that cannot be read before anything starts', async () => {
    const labs = memoryLabs()
    const { client } = await anEngine(labs.start)
    const yaml = experiment.replace('sessions: 3', 'documents: /nowhere/texts, sessions: 3')
    await expect(client.call('startRun', { yaml })).rejects.toMatchObject({ code: 'documents_unreadable' })
    expect(labs.labs).toEqual([])
  })

  it('plans trials and estimates their time', async () => {
    const { client } = await anEngine(memoryLabs().start)
    const check = await client.call('checkExperiment', { yaml: experiment })
    expect(check).toMatchObject({ ok: true, name: 'Three strategies', trials: [{}, {}, {}] })
    expect(check.ok && check.estimateS).toBeGreaterThan(1)
    expect((await client.call('presets', {})).length).toBeGreaterThan(0)
  })
})
