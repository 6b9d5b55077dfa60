import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { planTrials } from '#shared/experiment/grid'
import { parseExperiment } from '#shared/experiment/parse'
import { temporaryFolder } from './testing/folders'
import { anEngine, isFinished, threeTrials as experiment } from './testing/engine'
import { memoryLabs } from './testing/memory-lab'
import { anEvent, aRequest, finishedRecord, journal } from './testing/records'
import { openStore } from './store/store'

describe('a run', () => {
  it('goes through all its trials, and every record is there once', async () => {
    const labs = memoryLabs()
    const { client, changes, batches, until } = await anEngine(labs.start)
    const { runId } = await client.call('startRun', { yaml: experiment })
    expect(runId).toMatch(/^\d{4}-\d\d-\d\d-\d{4}-three-strategies-\w{4}$/)
    const end = await until(runId, isFinished)
    expect(end).toMatchObject({
      state: { failedTrials: 0 },
      trialsDone: 3,
      requestsDone: 18,
      progress: 1,
      lab: 'local',
    })

    const detail = await client.call('run', { runId })
    expect(detail.trials.map(({ state, attempt }) => [state.kind, attempt])).toEqual(
      Array(3).fill(['completed', 1]),
    )
    expect(detail.trials[0]?.summary).toMatchObject({ requests: 6, duration_s: 1.5, evicted_chunks: 15 })
    const { total, rows } = await client.call('requests', { runId, trialId: null, offset: 0, limit: 100 })
    expect(total).toBe(18)
    expect(rows.map((row) => `${row.trialId} ${row.requestId}`)).toEqual(
      ['t001', 't002', 't003'].flatMap((trial) => [0, 1, 2, 3, 4, 5].map((id) => `${trial} ${id}`)),
    )
    const request = await client.call('request', { runId, trialId: 't002', requestId: 4 })
    expect(request.routes).toEqual(aRequest().routes)

    expect(changes.map((run) => run.progress)).toEqual(
      changes.map((run) => run.progress).sort((a, b) => a - b),
    )
    const drawn = batches.flatMap((batch) => batch.requestId.map((id) => `${batch.series} ${id}`))
    expect(new Set(drawn).size).toBe(18)
    expect(
      labs
        .newest()
        .inferenceHost.specs.map(({ trialKey, seed, parameters }) => [trialKey, seed, parameters.strategy]),
    ).toEqual([
      [`${runId}.t001.1`, 3, 'rotation'],
      [`${runId}.t002.1`, 3, 'hop'],
      [`${runId}.t003.1`, 3, 'hop_rotation'],
    ])
    expect(labs.labs).toHaveLength(1)
    expect(labs.newest().shape).toEqual({ slots: 5, planes: 3 })
    expect(labs.newest().prepared.map(({ hostId }) => hostId)).toEqual(
      Array(3).fill(['nuc1', 'nuc2', 'nuc3']).flat(),
    )
  })

  it('waits for its turn', async () => {
    const labs = memoryLabs()
    const { client, until, changes } = await anEngine(labs.start)
    const first = await client.call('startRun', { yaml: experiment })
    const second = await client.call('startRun', { yaml: experiment.replace('Three', 'Four') })
    await until(second.runId, isFinished)
    const lastOfFirst = changes.findLastIndex((run) => run.runId === first.runId)
    const secondRuns = changes.findIndex((run) => run.runId === second.runId && run.state.kind === 'running')
    expect(secondRuns).toBeGreaterThan(lastOfFirst)
    expect((await client.call('runs', {})).map((run) => run.state.kind)).toEqual(['finished', 'finished'])
  })

  it('takes another shape of the lab when a trial wants one, and none for a trial without a cache', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    const yaml = `name: Shapes
parameters: { sessions: 1, turns: 1, servers: 4, centre_slot: 1, centre_plane: 1, los_slots: 1, los_planes: 1 }
factors: { cache: [skymemory, off], planes: [2, 3], slots: [4] }
`
    await until((await client.call('startRun', { yaml })).runId, isFinished)
    expect(labs.labs.map((lab) => [lab.shape.planes, lab.stopped])).toEqual([
      [2, true],
      [3, false],
    ])
  })

  it('pauses and goes on, losing and doubling nothing', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(2)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 2)
    await client.call('pauseRun', { runId })
    expect(await client.call('run', { runId })).toMatchObject({
      state: { kind: 'paused', trialId: 't001', reason: null },
    })
    labs.newest().inferenceHost.allow(Infinity)
    await client.call('resumeRun', { runId })
    await until(runId, isFinished)
    expect((await client.call('requests', { runId, trialId: null, offset: 0, limit: 1 })).total).toBe(18)
    const { events } = await client.call('timeline', { runId })
    expect(events.map((event) => event.name)).toEqual(
      expect.arrayContaining(['trial_started', 'paused', 'resumed']),
    )
  })

  it('ends when it is cancelled, and keeps what was recorded', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(4)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 4)
    await client.call('cancelRun', { runId })
    const run = await client.call('run', { runId })
    expect(run.state.kind).toBe('cancelled')
    expect(run.trials.map((trial) => trial.state.kind)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect((await client.call('requests', { runId, trialId: null, offset: 0, limit: 9 })).total).toBe(4)
    await expect(client.call('cancelRun', { runId })).rejects.toMatchObject({ code: 'conflict' })
    await expect(client.call('resumeRun', { runId })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('can be cancelled while it waits or is paused', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(1)
    const first = await client.call('startRun', { yaml: experiment })
    const second = await client.call('startRun', { yaml: experiment })
    await until(first.runId, (run) => run.requestsDone === 1)
    await client.call('cancelRun', second)
    await client.call('pauseRun', first)
    await client.call('cancelRun', first)
    expect((await client.call('runs', {})).map((run) => run.state.kind)).toEqual(['cancelled', 'cancelled'])
  })

  it('can be deleted when it is at rest only', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(1)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 1)
    await expect(client.call('deleteRun', { runId })).rejects.toMatchObject({ code: 'conflict' })
    // Nor may the lab be taken away from under it.
    for (const refused of [
      client.call('stopLab', {}),
      client.call('startLab', { slots: 6, planes: 3 }),
      client.call('serveApi', { parameters: null }),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(labs.newest().stopped).toBe(false)
    await client.call('cancelRun', { runId })
    await client.call('deleteRun', { runId })
    expect(await client.call('runs', {})).toEqual([])
    await expect(client.call('run', { runId })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a run of a program that has ended', () => {
  it('is there with its records, and goes on with the trial that was cut short', async () => {
    const labs = memoryLabs()
    const dataDirectory = temporaryFolder()
    const first = await anEngine(labs.start, { dataDirectory })
    await first.client.call('startLab', { slots: 5, planes: 3 })
    const { runId } = await first.client.call('startRun', { yaml: experiment })
    // The first trial ends, the second is cut short after two requests.
    await first.until(runId, (run) => run.trialsDone === 1)
    labs.newest().inferenceHost.allow(2)
    await first.until(runId, (run) => run.requestsDone >= 8)
    await first.engine.dispose()

    const second = await anEngine(labs.start, { dataDirectory })
    const before = await second.client.call('run', { runId })
    expect(before.state.kind).toBe('interrupted')
    expect(before.trials.map((trial) => trial.state.kind)).toEqual(['completed', 'interrupted', 'waiting'])
    expect(before.requestsDone).toBeGreaterThanOrEqual(8)
    await second.client.call('resumeRun', { runId })
    const end = await second.until(runId, isFinished)
    expect(end).toMatchObject({ state: { failedTrials: 0 }, requestsDone: 18 })
    // What the earlier program did says nothing about the pace of this one.
    const running = second.changes.find((run) => run.state.kind === 'running')
    expect(running?.requestsDone).toBeGreaterThanOrEqual(8)
    expect(running?.remainingS).toBeNull()
    const after = await second.client.call('run', { runId })
    expect(after.trials.map((trial) => trial.attempt)).toEqual([1, 2, 1])
    expect((await second.client.call('requests', { runId, trialId: null, offset: 0, limit: 1 })).total).toBe(
      18,
    )
  })

  it('first gets what the journal still holds', async () => {
    const labs = memoryLabs()
    const dataDirectory = temporaryFolder()
    const first = await anEngine(labs.start, { dataDirectory })
    await first.client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(2)
    const { runId } = await first.client.call('startRun', { yaml: experiment })
    await first.until(runId, (run) => run.requestsDone === 2)
    await first.engine.dispose()
    const journal = labs.journals.get(`${runId}.t001.1`)
    const stored = journal?.entries.length ?? 0
    for (const requestId of [2, 3]) {
      journal?.entries.push({ seq: journal.entries.length + 1, record: aRequest({ requestId }) })
    }

    const second = await anEngine(labs.start, { dataDirectory })
    await second.client.call('resumeRun', { runId })
    await second.until(runId, isFinished)
    await second.engine.dispose()
    expect(labs.journals.get(`${runId}.t001.1`)?.acknowledged).toBe(stored + 2)
    const store = await openStore(dataDirectory)
    const firstAttempt = await store.records.ofAttempt(1)
    await store.close()
    expect(firstAttempt.map((record) => record.requestId)).toEqual([0, 1, 2, 3])
  })

  it('was killed: its trial is interrupted in every file, and complete once the journal says so', async () => {
    const labs = memoryLabs()
    const dataDirectory = temporaryFolder()
    const parsed = parseExperiment(experiment)
    if (!parsed.ok) expect.fail('the experiment is right')
    const runId = 'killed'
    const entries = journal([
      anEvent(),
      ...[0, 1, 2, 3, 4, 5].map((requestId) => aRequest({ requestId })),
      finishedRecord({ durationS: 4 }),
    ])
    // The program stored two requests; the host went on to the end of the trial.
    const store = await openStore(dataDirectory)
    const program = { version: '1', gitRevision: '', nodeVersion: '', platform: '' }
    await store.runs.create(
      {
        runId,
        name: 'Killed',
        lab: 'local',
        createdAt: 1,
        yaml: experiment,
        program,
        state: { kind: 'running', trialId: 't001' },
      },
      planTrials(parsed.experiment),
    )
    const [first] = await store.runs.trials(runId)
    const { attemptId, trialKey } = first!.attempt
    const startedAt = 1_700_000_000_000
    const state = { kind: 'running' as const, startedAt, requestsDone: 2, requestsTotal: 6 }
    await store.runs.changeAttempt(attemptId, { startedAt, state })
    await store.records.append(attemptId, entries.slice(0, 3))
    await store.close()
    labs.journals.set(trialKey, { entries, acknowledged: 3 })

    const { client, until } = await anEngine(labs.start, { dataDirectory })
    expect((await client.call('run', { runId })).trials.map((trial) => trial.state.kind)).toEqual([
      'interrupted',
      'waiting',
      'waiting',
    ])
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    const trials = parse<{ status: string }>(readFileSync(join(directory, 'trials.csv')), { columns: true })
    expect(trials.map(({ status }) => status)).toEqual(['interrupted', 'waiting', 'waiting'])

    await client.call('resumeRun', { runId })
    expect(await until(runId, isFinished)).toMatchObject({ requestsDone: 18 })
    const run = await client.call('run', { runId })
    expect(run.trials.map((trial) => [trial.attempt, trial.state.kind])).toEqual(
      Array(3).fill([1, 'completed']),
    )
    expect(run.trials[0]?.state).toMatchObject({ startedAt, durationS: 4 })
    expect(run.trials[0]?.summary).toMatchObject({ requests: 6, duration_s: 4 })
  })
})

it('keeps nothing open after it is disposed', async () => {
  const labs = memoryLabs()
  const { engine, client, options } = await anEngine(labs.start)
  await client.call('startLab', { slots: 5, planes: 3 })
  await engine.dispose()
  await engine.dispose()
  expect(labs.newest().stopped).toBe(true)
  const store = await openStore(options.dataDirectory)
  await store.close()
  expect(readdirSync(options.dataDirectory)).toContain('skymemory.duckdb')
})
