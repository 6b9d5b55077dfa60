import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inferenceControl, type satelliteControl } from '#shared/contract/agent-control'
import type { Client } from '#shared/contract/rpc'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { JournalEntry } from '#shared/experiment/records'
import { readBootId } from './boot-id'
import { collectTrial } from './testing/collect-records'
import { connectControl, startTestLab, type TestLab } from './testing/agent-process'

const parameters: ParameterValues = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  block_tokens: 16,
  kvc_bytes_per_token: 512,
  chunk_bytes: 700,
  document_count: 2,
  document_tokens: 80,
  sessions: 20,
  turns: 2,
  output_tokens: 4,
  concurrency: 2,
  prefill_tokens_per_s: 20_000,
  decode_tokens_per_s: 500,
}
const text = 'Satellites remember what the model has read, so that it need not read it again. '.repeat(40)

describe('faults in mid-trial', () => {
  let lab: TestLab

  beforeEach(async () => {
    lab = await startTestLab(5, 3)
    const documents = ['a', 'b'].map((title) => ({ title, text: title + text }))
    await lab.inference.control.call('loadDocuments', { from: 0, documents })
    const trial = { trialKey: 't', parameters }
    await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', trial)))
  })
  afterEach(() => lab.stop())

  const start = () => lab.inference.control.call('startTrial', { trialKey: 't', seed: 1, parameters })

  test('a killed satellite host: its blocks become misses, the trial goes on', async () => {
    await start()
    let killed = false
    const { requests, entries, finished } = await collectTrial(lab.inference.control, 't', ({ record }) => {
      if (record.kind !== 'request' || killed || record.blocksHit === 0) return
      killed = true
      lab.satellites[1]?.child.kill('SIGKILL')
    })
    expect(finished.outcome).toBe('completed')
    expect(requests).toHaveLength(40)
    expect(requests.every((request) => request.status === 'ok')).toBe(true)
    expect(requests.at(-1)?.blocksHit).toBe(0)
    expect(
      requests.reduce(
        (sum, request) => sum + (request.wrongBytesServed ?? NaN) + request.halfBlocksServed,
        0,
      ),
    ).toBe(0)
    const events = entries.flatMap(({ record }) => (record.kind === 'event' ? [record.name] : []))
    expect(events).toContain('host_lost')
  })

  test('a lost console: the trial goes on, and nothing is lost or doubled on return', async () => {
    await start()
    const first: JournalEntry[] = []
    const console1 = await connectControl(inferenceControl, lab.inference.socketPath, 'jetson')
    await new Promise<void>((resolve) => {
      console1.on('records', ({ entries }) => {
        first.push(...entries)
        if (first.length >= 5) resolve()
      })
      void console1.call('subscribeRecords', { trialKey: 't', afterSeq: 0 })
    })
    const stored = first.slice(0, 5)
    const last = stored.at(-1)?.seq ?? 0
    await lab.inference.control.call('acknowledge', { trialKey: 't', seq: last })
    const console2 = await connectControl(inferenceControl, lab.inference.socketPath, 'jetson')
    const { entries } = await collectTrial(console2, 't')
    const sequence = [...stored, ...entries].map((entry) => entry.seq)
    expect(sequence).toEqual(Array.from({ length: sequence.length }, (_, i) => i + 1))
  })

  test('no console at all: the trial goes on, and who comes back finds everything after what it acknowledged', async () => {
    await start()
    const first: JournalEntry[] = []
    await new Promise<void>((resolve) => {
      lab.inference.control.on('records', ({ entries }) => {
        first.push(...entries)
        if (first.length >= 5) resolve()
      })
      void lab.inference.control.call('subscribeRecords', { trialKey: 't', afterSeq: 0 })
    })
    const stored = first.slice(0, 5)
    const last = stored.at(-1)?.seq ?? 0
    await lab.inference.control.call('acknowledge', { trialKey: 't', seq: last })
    for (const host of [...lab.satellites, lab.inference]) host.disconnect()

    // What the journal holds is on disk: the trial can be watched without a connection.
    const journal = join(lab.directory, 'journals', 't.ndjson')
    while (readFileSync(journal, 'utf8').split('\n').length < stored.length + 10) await sleep(5)

    const back = await connectControl(inferenceControl, lab.inference.socketPath, 'jetson')
    expect(await back.call('trialStatus', {})).toMatchObject({ trialKey: 't', requestsTotal: 40 })
    const { entries, finished } = await collectTrial(back, 't', () => undefined, last)
    expect(finished.outcome).toBe('completed')
    const sequence = [...stored, ...entries].map((entry) => entry.seq)
    expect(sequence).toEqual(Array.from({ length: sequence.length }, (_, i) => i + 1))
    const all = [...stored, ...entries].filter(({ record }) => record.kind === 'request')
    expect(all).toHaveLength(40)
  })

  test('a killed inference host leaves its records on disk, and its successor hands them out', async () => {
    await start()
    await new Promise<void>((resolve) => {
      let seen = 0
      lab.inference.control.on('records', ({ entries }) => {
        seen += entries.length
        if (seen >= 6) resolve()
      })
      void lab.inference.control.call('subscribeRecords', { trialKey: 't', afterSeq: 0 })
    })
    const exit = once(lab.inference.child, 'exit')
    lab.inference.child.kill('SIGKILL')
    await exit
    await lab.restartInference()
    await lab.configureAll()
    const entries = await new Promise<JournalEntry[]>((resolve) => {
      lab.inference.control.on('records', (batch) => resolve(batch.entries))
      void lab.inference.control.call('subscribeRecords', { trialKey: 't', afterSeq: 0 })
    })
    expect(entries.length).toBeGreaterThanOrEqual(6)
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, i) => i + 1))
    expect(await lab.inference.control.call('trialStatus', {})).toEqual({ kind: 'idle' })
  })

  test('a start that is asked for again is answered as the first time, also after the end of the trial', async () => {
    const [one, two] = await Promise.all([start(), start()])
    expect([one, two]).toEqual([{ requestsTotal: 40 }, { requestsTotal: 40 }])
    const other = { trialKey: 'other', seed: 1, parameters }
    await expect(lab.inference.control.call('startTrial', other)).rejects.toMatchObject({ code: 'conflict' })
    const { requests, entries } = await collectTrial(lab.inference.control, 't')
    expect(await start()).toEqual(one)
    expect(requests).toHaveLength(40)
    const started = entries.filter(({ record }) => record.kind === 'event' && record.name === 'trial_started')
    expect(started).toHaveLength(1)
    expect(await lab.inference.control.call('trialStatus', {})).toMatchObject({
      kind: 'finished',
      trialKey: 't',
    })
  })

  test('a trial of an earlier process is not begun again over its records', async () => {
    await start()
    const exit = once(lab.inference.child, 'exit')
    lab.inference.child.kill('SIGKILL')
    await exit
    await lab.restartInference()
    await lab.configureAll()
    await expect(start()).rejects.toMatchObject({ code: 'conflict' })
    const { entries } = await new Promise<{ entries: JournalEntry[] }>((resolve) => {
      lab.inference.control.on('records', resolve)
      void lab.inference.control.call('subscribeRecords', { trialKey: 't', afterSeq: 0 })
    })
    expect(entries[0]).toMatchObject({ seq: 1, record: { name: 'trial_started' } })
  })

  test('satellites that are prepared again for the same trial keep their chunks; for another one they lose them', async () => {
    await start()
    await collectTrial(lab.inference.control, 't')
    const bytes = async (): Promise<number> => {
      const answers = await Promise.all(lab.satellites.map((host) => host.control.call('counters', {})))
      return answers
        .flatMap((answer) => answer.satellites)
        .reduce((sum, satellite) => sum + satellite.bytes, 0)
    }
    const prepare = (trialKey: string) =>
      Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', { trialKey, parameters })))
    const held = await bytes()
    expect(held).toBeGreaterThan(0)
    await prepare('t')
    expect(await bytes()).toBe(held)
    await prepare('t2')
    expect(await bytes()).toBe(0)
  })

  test('documents that come twice are held once, and a gap is noticed', async () => {
    const { control } = lab.inference
    const load = (from: number, ...titles: string[]) =>
      control.call('loadDocuments', { from, documents: titles.map((title) => ({ title, text })) })
    expect(await load(0, 'a', 'b')).toEqual({ documents: 2 })
    expect(await load(2, 'c')).toEqual({ documents: 3 })
    expect(await load(2, 'c')).toEqual({ documents: 3 })
    expect(await load(3, 'd')).toEqual({ documents: 4 })
    await expect(load(5, 'f')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('documents 4 to 4 are missing') as string,
    })
    expect(await load(0, 'a')).toEqual({ documents: 1 })
  })

  test('hosts tell the time, how their machine does, and which of its starts it runs in', async () => {
    for (const host of [lab.satellites[0], lab.inference]) {
      const control = host?.control as Client<typeof satelliteControl>
      const sentAt = Date.now()
      const { receivedAt, answeredAt } = await control.call('clock', {})
      expect(receivedAt).toBeGreaterThanOrEqual(sentAt)
      expect(answeredAt).toBeGreaterThanOrEqual(receivedAt)
      expect(answeredAt).toBeLessThanOrEqual(Date.now() + 1)
      const hello = await control.call('hello', {})
      expect(hello.bootId).toBe(readBootId())
    }
    const asked = async () => (await lab.inference.control.call('status', { telemetry: true })).telemetry
    let read = await asked()
    while (typeof read?.cpuLoad !== 'number') {
      await sleep(50)
      read = await asked()
    }
    expect(read.memoryUsedBytes).toBeGreaterThan(0)
    expect((await lab.inference.control.call('status', {})).telemetry).toBeNull()
  })

  test('a paused trial starts no request, and goes on when told to', async () => {
    await start()
    const { control } = lab.inference
    await control.call('pauseTrial', {})
    expect((await control.call('trialStatus', {})).kind).toBe('paused')
    await control.call('resumeTrial', {})
    const { requests } = await collectTrial(control, 't')
    expect(requests).toHaveLength(40)
  })

  test('an aborted trial ends with what it has', async () => {
    await start()
    const { control } = lab.inference
    const collected = collectTrial(control, 't')
    await control.call('abortTrial', {})
    const { finished } = await collected
    expect(finished.outcome).toBe('cancelled')
  })

  test('the journal goes once everything is acknowledged', async () => {
    await start()
    const { entries } = await collectTrial(lab.inference.control, 't')
    const journals = join(lab.directory, 'journals')
    expect(readdirSync(journals)).toEqual(['t.ndjson'])
    await lab.inference.control.call('acknowledge', { trialKey: 't', seq: entries.at(-1)?.seq ?? 0 })
    expect(readdirSync(journals)).toEqual([])
  })

  test('no agent survives whoever started it', async () => {
    const children = [...lab.satellites, lab.inference].map((host) => host.child)
    const exits = children.map((child) => once(child, 'exit'))
    for (const child of children) child.stdin?.destroy()
    await Promise.all(exits)
    expect(children.every((child) => child.exitCode === 0)).toBe(true)
  })
})
