import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inferenceControl } from '#shared/contract/agent-control'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { JournalEntry } from '#shared/experiment/records'
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
    await lab.inference.control.call('loadDocuments', { append: false, documents })
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
      requests.reduce((sum, request) => sum + request.wrongBytesServed + request.halfBlocksServed, 0),
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
