import { expect, it, vi } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import type { JournalEntry } from '#shared/experiment/records'
import type { InferenceClient } from '../hosts/lab-hosts'
import type { RecordStore } from '../store/record-store'
import { aRequest, finishedRecord, journal } from '../testing/records'
import { Recorder } from './recorder'
import { StorageGate } from './storage-gate'

/** A host that sends what a test tells it to, and a store that keeps what it is given. */
function aRecorder(append?: RecordStore['append']) {
  let listener: (payload: { trialKey: string; entries: JournalEntry[] }) => void = () => undefined
  const subscriptions: number[] = []
  const acknowledged: number[] = []
  const stored: number[] = []
  /** Entries of an earlier subscription that are still on their way when a new one is asked for. */
  const onTheWay: JournalEntry[] = []
  let lastSeq = 0
  const inference = {
    call: async (method: string, params: { afterSeq?: number; seq?: number }) => {
      if (method === 'subscribeRecords') {
        subscriptions.push(params.afterSeq ?? -1)
        send(onTheWay.splice(0))
      }
      if (method === 'acknowledge') acknowledged.push(params.seq ?? -1)
      return null
    },
    on: (_: string, hear: typeof listener) => {
      listener = hear
      return () => (listener = () => undefined)
    },
  } as unknown as InferenceClient
  const keep: RecordStore['append'] = async (_, entries) => {
    const fresh = entries.filter((entry) => entry.seq > lastSeq)
    if (fresh.some((entry, index) => entry.seq !== lastSeq + 1 + index))
      throw new SkyError('protocol_error', 'a gap')
    lastSeq += fresh.length
    return lastSeq
  }
  const recorder = new Recorder({
    inference,
    trialKey: 'k',
    attemptId: 1,
    lastSeq: 0,
    records: { append: append ?? keep } as unknown as RecordStore,
    gate: new StorageGate(
      () => Promise.resolve(),
      () => undefined,
    ),
    onStored: (entries) => stored.push(...entries.map((entry) => entry.seq)),
  })
  const send = (entries: JournalEntry[], trialKey = 'k'): void => listener({ trialKey, entries })
  return { recorder, send, subscriptions, acknowledged, stored, onTheWay, keep }
}

const requests = (count: number): JournalEntry[] =>
  journal(Array.from({ length: count }, (_, requestId) => aRequest({ requestId })))

it('stores each record once, acknowledges what is stored, and tells of the end', async () => {
  const { recorder, send, acknowledged, stored } = aRecorder()
  const all = [...requests(5), { seq: 6, record: finishedRecord() }]
  send(requests(9), 'another trial')
  send(all.slice(0, 3))
  send(all.slice(1, 5))
  send(all)
  expect(await recorder.finished).toEqual(finishedRecord())
  expect(stored).toEqual([1, 2, 3, 4, 5, 6])
  expect(acknowledged.at(-1)).toBe(6)
})

it('acknowledges nothing that is not stored', async () => {
  const commits: (() => void)[] = []
  const { recorder, send, acknowledged } = aRecorder(
    (_, entries) => new Promise((resolve) => commits.push(() => resolve(entries.at(-1)?.seq ?? 0))),
  )
  const all = requests(5)
  send(all.slice(0, 2))
  await new Promise(setImmediate)
  // These come while the first two are being stored.
  send(all.slice(2))
  expect(acknowledged).toEqual([])
  commits[0]?.()
  await vi.waitFor(() => expect(commits).toHaveLength(2))
  expect(acknowledged).toEqual([2])
  commits[1]?.()
  await recorder.stop()
  expect(acknowledged).toEqual([2, 5])
})

it('asks again for what is missing, and gives up on a host that never sends it', async () => {
  const { recorder, send, subscriptions, stored } = aRecorder()
  const all = requests(6)
  send([all[0]!, all[1]!, all[3]!])
  await vi.waitFor(() => expect(subscriptions).toEqual([0]))
  await new Promise(setImmediate)
  send(all)
  await recorder.stop()
  expect(stored).toEqual([1, 2, 3, 4, 5, 6])

  const stubborn = aRecorder()
  const failed = expect(stubborn.recorder.finished).rejects.toMatchObject({ code: 'protocol_error' })
  for (let time = 1; time <= 4; time++) {
    stubborn.send([all[4]!])
    if (time < 4) await vi.waitFor(() => expect(stubborn.subscriptions).toHaveLength(time))
    await new Promise(setImmediate)
  }
  await failed
})

it('asks once for a gap, however much waits behind it or is still on its way', async () => {
  const { recorder, send, subscriptions, stored, onTheWay } = aRecorder()
  const all = requests(10_002)
  onTheWay.push(...all.slice(10_000))
  send(all.slice(1, 10_000))
  await vi.waitFor(() => expect(subscriptions).toEqual([0]))
  await new Promise(setImmediate)
  send(all)
  await recorder.stop()
  expect(subscriptions).toEqual([0])
  expect(stored).toEqual(all.map((entry) => entry.seq))
})

it('goes on over a new connection from the last stored record: none lost, none doubled', async () => {
  const { recorder, send, subscriptions, acknowledged, stored } = aRecorder()
  const all = requests(8)
  send(all.slice(0, 3))
  await vi.waitFor(() => expect(stored).toEqual([1, 2, 3]))
  // 4 to 6 were sent over the connection that was lost; some of them arrived.
  send(all.slice(3, 5))
  recorder.reconnected()
  await vi.waitFor(() => expect(subscriptions).toEqual([5]))
  await new Promise(setImmediate)
  send(all.slice(5))
  await vi.waitFor(() => expect(stored).toHaveLength(8))
  // Nothing came, and the connection is a new one again: it is asked all the same.
  recorder.reconnected()
  await vi.waitFor(() => expect(subscriptions).toEqual([5, 8]))
  await recorder.stop()
  expect(stored).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(acknowledged.at(-1)).toBe(8)
})

it('forgives a host a gap now and then', async () => {
  const { recorder, send, subscriptions, stored } = aRecorder()
  const all = requests(12)
  for (let gap = 0; gap < 6; gap++) {
    send(all.slice(2 * gap + 1, 2 * gap + 2))
    await vi.waitFor(() => expect(subscriptions).toHaveLength(gap + 1))
    await new Promise(setImmediate)
    send(all.slice(2 * gap, 2 * gap + 2))
    await vi.waitFor(() => expect(stored).toHaveLength(2 * gap + 2))
  }
  await recorder.stop()
  expect(stored).toEqual(all.map((entry) => entry.seq))
})

it('leaves in the journal what it cannot hold, and gets it later', async () => {
  let release: () => void = () => undefined
  const blocked = new Promise<void>((resolve) => (release = resolve))
  const made = aRecorder(async (attemptId, entries) => {
    await blocked
    return made.keep(attemptId, entries)
  })
  const all = requests(30_000)
  for (let first = 0; first < all.length; first += 1_000) made.send(all.slice(first, first + 1_000))
  release()
  await vi.waitFor(() => expect(made.subscriptions).toHaveLength(1))
  await new Promise(setImmediate)
  const [after = 0] = made.subscriptions
  expect(after).toBeLessThanOrEqual(22_000)
  made.send(all.slice(after))
  await made.recorder.stop()
  expect(made.stored).toHaveLength(30_000)
  expect(made.stored).toEqual(all.map((entry) => entry.seq))
})
