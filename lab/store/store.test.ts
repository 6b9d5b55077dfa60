import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SkyError } from '#shared/contract/errors'
import { aRequest, aTrial, anEvent, aReading, counters, finishedRecord, journal } from '../testing/records'
import { temporaryFolder } from '../testing/folders'
import { storedFields } from './record-store'
import { requestFields } from './request-row'
import { openStore, type Store } from './store'

async function aStore(folder = temporaryFolder()): Promise<Store> {
  const store = await openStore(folder)
  onTestFinished(() => store.close())
  return store
}

const program = { version: '1', gitRevision: 'abc', nodeVersion: 'v20', platform: 'linux' }

async function withRun(
  store: Store,
  runId = 'run-1',
  trials = [aTrial('t1'), aTrial('t2')],
): Promise<number> {
  await store.runs.create(
    { runId, name: 'n', lab: 'local', createdAt: 1, yaml: 'name: n', program, state: { kind: 'queued' } },
    trials,
  )
  return (await store.runs.trials(runId))[0]?.attempt.attemptId as number
}

describe('runs', () => {
  it('gives back what was stored, trials in the order of the experiment', async () => {
    const store = await aStore()
    await withRun(store, 'run-1', [aTrial('b', { servers: 25 }), aTrial('a')])
    expect(await store.runs.runs()).toEqual([
      {
        runId: 'run-1',
        name: 'n',
        lab: 'local',
        createdAt: 1,
        yaml: 'name: n',
        program,
        state: { kind: 'queued' },
      },
    ])
    const trials = await store.runs.trials('run-1')
    expect(trials.map((trial) => trial.trialId)).toEqual(['b', 'a'])
    expect(trials[0]).toMatchObject({ ...aTrial('b', { servers: 25 }) })
    expect(trials[0]?.attempt).toMatchObject({
      attempt: 1,
      state: { kind: 'waiting' },
      lastSeq: 0,
      requestsTotal: 48,
    })
  })

  it('counts the newest attempt of each trial only', async () => {
    const store = await aStore()
    const first = await withRun(store)
    await store.records.append(first, journal([aRequest(), aRequest({ requestId: 1 })]))
    await store.runs.changeAttempt(first, { state: { kind: 'completed', startedAt: 1, durationS: 2 } })
    expect((await store.runs.totals()).get('run-1')).toMatchObject({ trialsDone: 1, requestsDone: 2 })
    const again = await store.runs.addAttempt('run-1', aTrial('t1'))
    expect(again.attempt).toBe(2)
    expect(again.trialKey).toBe('run-1.t1.2')
    expect((await store.runs.totals()).get('run-1')).toMatchObject({
      trialsDone: 0,
      requestsDone: 0,
      trialsTotal: 2,
    })
    expect((await store.records.requests('run-1', null, 0, 10)).total).toBe(0)
    expect(await store.records.ofAttempt(first)).toHaveLength(2)
  })

  it('removes a run with all that belongs to it, and nothing else', async () => {
    const store = await aStore()
    const attempts = [await withRun(store, 'run-1'), await withRun(store, 'run-2')]
    for (const attempt of attempts) {
      await store.records.append(attempt, journal([aRequest(), anEvent()]))
      await store.records.putSatellites(attempt, [{ ...counters(1, 2), host: 'nuc3' }])
      await store.records.addSample(attempt, { at: 1, storedBytes: 1, evictedChunks: 1, migratedChunks: 1 })
      await store.machines.add(attempt, [aReading('nuc1', 1)])
    }
    await store.runs.delete('run-1')
    expect((await store.runs.runs()).map((run) => run.runId)).toEqual(['run-2'])
    const counted = attempts.map(async (attempt) => [
      (await store.records.ofAttempt(attempt)).length,
      (await store.records.events(attempt)).length,
      (await store.records.satellites(attempt)).length,
      (await store.records.samples(attempt)).length,
      (await store.machines.ofAttempt(attempt)).length,
    ])
    expect(await Promise.all(counted)).toEqual([
      [0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1],
    ])
    expect(await store.runs.attempt(attempts[0]!)).toBeNull()
  })

  it('stand newest first, and count failed trials as done', async () => {
    const store = await aStore()
    const run = { name: 'n', lab: 'local', yaml: '', program, state: { kind: 'queued' as const } }
    for (const [runId, createdAt] of [
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ] as const)
      await store.runs.create({ ...run, runId, createdAt }, [aTrial('t1'), aTrial('t2')])
    expect((await store.runs.runs()).map(({ runId }) => runId)).toEqual(['c', 'b', 'a'])
    const [trial] = await store.runs.trials('b')
    const error = { code: 'trial_failed' as const, message: 'x', hint: '', details: {} }
    await store.runs.changeAttempt(trial!.attempt.attemptId, { state: { kind: 'failed', error } })
    expect((await store.runs.totals()).get('b')).toMatchObject({ trialsDone: 1, trialsTotal: 2 })
  })

  it('that ran in a program that has ended are interrupted, the others stay as they are', async () => {
    const store = await aStore()
    const attempts = [
      await withRun(store, 'run-1'),
      await withRun(store, 'run-2'),
      await withRun(store, 'run-3'),
    ]
    const running = { kind: 'running' as const, startedAt: 1, requestsDone: 0, requestsTotal: 1 }
    const completed = { kind: 'completed' as const, startedAt: 1, durationS: 2 }
    for (const [index, state] of [running, completed, running].entries())
      await store.runs.changeAttempt(attempts[index]!, { state })
    await store.runs.interruptAttempts()
    const kinds = attempts.map(async (attempt) => (await store.runs.attempt(attempt))?.state.kind)
    expect(await Promise.all(kinds)).toEqual(['interrupted', 'completed', 'interrupted'])
    expect((await store.runs.trials('run-1'))[1]?.attempt.state.kind).toBe('waiting')
  })
})

describe('records', () => {
  it('holds every field of the contract', () => {
    expect([...requestFields, 'kind', 'routes'].sort()).toEqual([...storedFields.request].sort())
  })

  it('gives back requests as they were, nulls, empty lists and large numbers too', async () => {
    const store = await aStore()
    const attempt = await withRun(store)
    const failed = aRequest({
      requestId: 1,
      ttftMs: null,
      hopsHistogram: [],
      routes: [],
      bytesRead: 2 ** 40,
      status: 'failed',
      errorCode: 'engine_failed',
      harmful: true,
    })
    await store.records.append(attempt, journal([aRequest(), failed]))
    expect(await store.records.request('run-1', 't1', 0)).toEqual(aRequest())
    expect(await store.records.request('run-1', 't1', 1)).toEqual(failed)
    const page = await store.records.requests('run-1', 't1', 1, 5)
    const { kind: _kind, routes: _routes, ...stored } = failed
    expect(page).toEqual({ total: 2, rows: [{ ...stored, trialId: 't1', seq: 2 }] })
    await expect(store.records.request('run-1', 't2', 0)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('stores an entry once, however often and in whatever portions it comes', async () => {
    const store = await aStore()
    const attempt = await withRun(store)
    const entries = journal([
      anEvent(),
      ...Array.from({ length: 20 }, (_, requestId) => aRequest({ requestId })),
      finishedRecord(),
    ])
    expect(await store.records.append(attempt, entries.slice(0, 8))).toBe(8)
    expect(await store.records.append(attempt, entries.slice(2, 15))).toBe(15)
    expect(await store.records.append(attempt, entries.slice(0, 15))).toBe(15)
    expect(await store.records.append(attempt, entries)).toBe(22)
    expect((await store.records.ofAttempt(attempt)).map((record) => record.requestId)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    )
    const [trial] = await store.runs.trials('run-1')
    expect(trial?.attempt).toMatchObject({ lastSeq: 22, requestsDone: 20, finished: finishedRecord() })
    expect(await store.records.events(attempt)).toEqual([anEvent()])
  })

  it('refuses a gap and then stores nothing of that portion', async () => {
    const store = await aStore()
    const attempt = await withRun(store)
    const [one, two, , four] = journal([0, 1, 2, 3].map((requestId) => aRequest({ requestId })))
    await expect(store.records.append(attempt, [one!, two!, four!])).rejects.toMatchObject({
      code: 'protocol_error',
    })
    expect(await store.records.ofAttempt(attempt)).toEqual([])
    expect(await store.records.append(attempt, [one!, two!])).toBe(2)
  })

  it('keeps samples, events of the engine and the last satellite counters', async () => {
    const store = await aStore()
    const attempt = await withRun(store)
    const sample = { at: 1_000, storedBytes: 2 ** 35, evictedChunks: 0, migratedChunks: 3 }
    await store.records.addSample(attempt, sample)
    expect(await store.records.samples(attempt)).toEqual([sample])
    const lost = [5, 6].map((at) => anEvent({ at, name: 'host_lost', message: `nuc${at}`, epoch: 2 }))
    for (const event of lost.toReversed()) await store.records.addEvent(attempt, event)
    expect(await store.records.events(attempt)).toEqual(lost)
    const rows = [0, 1].map((slot) => ({
      slot,
      plane: 0,
      host: 'nuc1',
      chunks: 1,
      bytes: 2 ** 40,
      gets: 2,
      sets: 3,
      misses: 4,
      evictions: 5,
      forwarded: 6,
      migratedIn: 7,
      migratedOut: 8,
      migratedBytes: 9,
      purgedBlocks: 10,
      dropped: 11,
    }))
    await store.records.putSatellites(attempt, rows.toReversed())
    await store.records.putSatellites(attempt, rows)
    expect(await store.records.satellites(attempt)).toEqual(rows)
  })

  it('of machines are kept once each, and tell which machines and rails a run has', async () => {
    const store = await aStore()
    const attempt = await withRun(store)
    const readings = [
      aReading('nuc10', 1_000, { temperatureC: null }),
      aReading('nuc2', 1_000.5),
      aReading('jetson', 2_000, { gpuLoad: 0.7, powerW: { VDD_SOC: 1.5, VDD_IN: 6.25 } }),
      aReading('jetson', 3_000, { powerW: { 'VDD CPU': 2 } }),
    ]
    await store.machines.add(attempt, readings.slice(0, 3))
    await store.machines.add(attempt, readings)
    expect(await store.machines.ofAttempt(attempt)).toEqual(readings)
    expect(await store.machines.ofRun('run-1')).toEqual([
      { machine: 'jetson', rails: ['VDD CPU', 'VDD_IN', 'VDD_SOC'] },
      { machine: 'nuc2', rails: [] },
      { machine: 'nuc10', rails: [] },
    ])
    // Those of an attempt that no longer counts are left out.
    await store.runs.addAttempt('run-1', aTrial('t1'))
    expect(await store.machines.ofRun('run-1')).toEqual([])
  })

  it('of a run come in the order of its trials, whichever was recorded first', async () => {
    const store = await aStore()
    await withRun(store, 'run-1', [aTrial('b'), aTrial('a')])
    const [b, a] = await store.runs.trials('run-1')
    await store.records.append(a!.attempt.attemptId, journal([aRequest(), aRequest({ requestId: 1 })]))
    await store.records.append(
      b!.attempt.attemptId,
      journal([anEvent(), aRequest(), aRequest({ requestId: 1 })]),
    )
    const expected = ['b 2', 'b 3', 'a 1', 'a 2']
    const all: string[] = []
    for await (const rows of store.records.allRequests('run-1'))
      all.push(...rows.map((row) => `${row.trialId} ${row.seq}`))
    expect(all).toEqual(expected)
    const { rows } = await store.records.requests('run-1', null, 0, 9)
    expect(rows.map((row) => `${row.trialId} ${row.seq}`)).toEqual(expected)
  })

  it('survives closing and opening', async () => {
    const folder = temporaryFolder()
    const before = await openStore(folder)
    const attempt = await withRun(before)
    await before.records.append(attempt, journal([aRequest()]))
    await before.close()
    const after = await aStore(folder)
    expect(await after.records.append(attempt, journal([aRequest(), aRequest({ requestId: 1 })]))).toBe(2)
    await after.reopen()
    expect(await after.records.ofAttempt(attempt)).toHaveLength(2)
  })
})

describe('a data directory that cannot be used', () => {
  const opening = (folder: string): Promise<SkyError> =>
    openStore(folder).then(
      () => expect.unreachable('the store opened'),
      (error: SkyError) => error,
    )

  it('is a file', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    expect((await opening(join(folder, 'file'))).code).toBe('storage_unwritable')
    expect((await opening(join(folder, 'file', 'below'))).code).toBe('storage_unwritable')
  })

  it('holds a damaged database', async () => {
    const folder = temporaryFolder()
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'skymemory.duckdb'), 'not a database '.repeat(2_000))
    expect((await opening(folder)).code).toBe('storage_corrupt')
  })

  it('is in use, by this process or by another', async () => {
    const folder = temporaryFolder()
    const store = await openStore(folder)
    expect((await opening(folder)).code).toBe('storage_locked')
    await store.close()

    const script = `import { DuckDBInstance } from '@duckdb/node-api'
      const db = await DuckDBInstance.create(process.argv[1]); const c = await db.connect()
      console.log('open'); setInterval(() => c, 1000)`
    const holder = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, join(folder, 'skymemory.duckdb')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    const error = await opening(folder)
    expect(error.code).toBe('storage_locked')
    expect(error.details['pid']).toBe(holder.pid)
  })
})
