import { describe, expect, it, onTestFinished } from 'vitest'
import type { LabHost } from '#shared/contract/console-api'
import type { JournalEntry } from '#shared/experiment/records'
import type { LabChange, LabHosts, StartLab } from '../hosts/lab-hosts'
import { aTrial } from './records'

export interface LabHostsUnderTest {
  readonly start: StartLab
  /** End a host as kill -9 does. */
  readonly kill: (lab: LabHosts, hostId: string) => void
  /** Its hosts, for labs other than two satellite hosts and one of inference, each a process of its own. */
  readonly hosts?: readonly (readonly [hostId: string, role: LabHost['role'], planes: readonly number[]])[]
  /** How a killed host's end is told: a parent knows the signal, a console far away does not. */
  readonly killedBy?: string | null
  /** True: all hosts are one thread, which ends as a whole and takes the journal with it. */
  readonly inOneThread?: boolean
}

const processes = [
  ['nuc1', 'satellite', [0]],
  ['nuc2', 'satellite', [1]],
  ['jetson', 'inference', []],
] as const

const shape = { slots: 4, planes: 2 }
const small = aTrial('t1', {
  ...shape,
  centre_slot: 1,
  centre_plane: 0,
  los_slots: 1,
  los_planes: 1,
  servers: 3,
  sessions: 6,
  turns: 2,
  block_tokens: 32,
  kvc_bytes_per_token: 64,
  chunk_bytes: 1_024,
  document_count: 2,
  document_tokens: 64,
  output_tokens: 4,
  prefill_tokens_per_s: 100_000,
  decode_tokens_per_s: 1_000,
})

/** What the engine relies on, whatever the hosts are made of. */
export function describeLabHosts(name: string, underTest: LabHostsUnderTest): void {
  const { hosts = processes, inOneThread = false, killedBy = 'SIGKILL' } = underTest
  const started = async (): Promise<{ lab: LabHosts; changes: LabChange[] }> => {
    const changes: LabChange[] = []
    const lab = await underTest.start(
      shape,
      () => undefined,
      (change) => changes.push(change),
      new AbortController().signal,
    )
    onTestFinished(() => lab.stop())
    return { lab, changes }
  }

  const lost = (lab: LabHosts, hostId: string): Promise<LabChange> =>
    new Promise((resolve) => {
      const stop = lab.onChange((change) => {
        if (change.kind !== 'lost' || change.host.hostId !== hostId) return
        stop()
        resolve(change)
      })
    })

  /** Follow a trial's journal from `afterSeq` until `until` is true. */
  const follow = async (
    lab: LabHosts,
    trialKey: string,
    afterSeq: number,
    until: (entries: JournalEntry[]) => boolean,
  ): Promise<JournalEntry[]> => {
    const client = lab.inference()
    const entries: JournalEntry[] = []
    let stop: () => void = () => undefined
    const done = new Promise<void>((resolve) => {
      stop = client.on('records', (batch) => {
        if (batch.trialKey !== trialKey) return
        entries.push(...batch.entries)
        if (until(entries)) resolve()
      })
    })
    await client.call('subscribeRecords', { trialKey, afterSeq })
    await done
    stop()
    return entries
  }

  const start = async (lab: LabHosts, trialKey: string): Promise<number> => {
    for (const host of lab.hosts().filter((each) => each.role === 'satellite')) {
      await lab.satellite(host.hostId).call('prepareTrial', { trialKey, parameters: small.parameters })
    }
    const text = 'The state of the union is strong. '.repeat(50)
    const documents = ['a', 'b'].map((title) => ({ title, text: title + text }))
    await lab.inference().call('loadDocuments', { from: 0, documents })
    const { requestsTotal } = await lab
      .inference()
      .call('startTrial', { trialKey, seed: 1, parameters: small.parameters })
    return requestsTotal
  }

  const isFinished = (entries: JournalEntry[]): boolean => entries.at(-1)?.record.kind === 'finished'
  const numbers = (entries: JournalEntry[]): number[] => entries.map((entry) => entry.seq)
  const from = (first: number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => first + index)

  describe(name, () => {
    it('has a healthy host for every plane and one for inference', async () => {
      const { lab } = await started()
      expect(lab.shape).toEqual(shape)
      expect(
        lab.hosts().map(({ hostId, role, planes, state }) => [hostId, role, planes, state.kind]),
      ).toEqual(hosts.map((host) => [...host, 'healthy']))
      // A simulation has satellites from its first trial on.
      if (inOneThread) await start(lab, 'suite.0')
      await lab.poll()
      const satellites = [...lab.samples().values()].flatMap((sample) => sample.satellites)
      expect(satellites.map(({ slot, plane }) => `${slot},${plane}`).sort()).toEqual([
        '0,0',
        '0,1',
        '1,0',
        '1,1',
        '2,0',
        '2,1',
        '3,0',
        '3,1',
      ])
      expect(() => lab.satellite('nuc9')).toThrow(expect.objectContaining({ code: 'not_found' }))
    })

    it('runs a trial and sends its records in order, also to one who comes late', async () => {
      const { lab } = await started()
      const total = await start(lab, 'suite.1')
      expect(total).toBe(12)
      const all = await follow(lab, 'suite.1', 0, isFinished)
      expect(numbers(all)).toEqual(from(1, all.length))
      expect(all.filter((entry) => entry.record.kind === 'request')).toHaveLength(12)
      await lab.inference().call('acknowledge', { trialKey: 'suite.1', seq: 5 })
      const rest: JournalEntry[] = []
      lab.inference().on('records', (batch) => rest.push(...batch.entries))
      await lab.inference().call('subscribeRecords', { trialKey: 'suite.1', afterSeq: 5 })
      // What a journal holds has been sent by the time of the next answer.
      await lab.inference().call('trialStatus', {})
      expect(numbers(rest)).toEqual(from(6, all.length - 5))
    })

    it.skipIf(inOneThread)('tells at once of a killed satellite host, and brings it back', async () => {
      const { lab, changes } = await started()
      const told = lost(lab, 'nuc2')
      underTest.kill(lab, 'nuc2')
      expect(await told).toMatchObject({ host: { state: { kind: 'crashed', signal: killedBy } } })
      expect(() => lab.satellite('nuc2')).toThrow(expect.objectContaining({ code: 'host_down' }))
      expect(lab.hosts().map((host) => host.state.kind)).toEqual(['healthy', 'crashed', 'healthy'])
      await lab.restart(['nuc1', 'nuc2'])
      expect(
        changes.filter((change) => change.kind === 'returned').map((change) => change.host.hostId),
      ).toEqual(['nuc2'])
      expect(lab.hosts().map((host) => host.state.kind)).toEqual(['healthy', 'healthy', 'healthy'])
      await lab.satellite('nuc2').call('prepareTrial', { trialKey: 'x', parameters: small.parameters })
    })

    it.skipIf(inOneThread)('keeps the journal of a killed inference host', async () => {
      const { lab } = await started()
      await start(lab, 'suite.2')
      const before = await follow(lab, 'suite.2', 0, (entries) => entries.length >= 3)
      const told = lost(lab, 'jetson')
      underTest.kill(lab, 'jetson')
      await told
      expect(() => lab.inference()).toThrow(expect.objectContaining({ code: 'host_down' }))
      await lab.restart(['jetson'])
      const after = await follow(lab, 'suite.2', 2, (entries) => entries.length >= before.length - 2)
      expect(numbers(after)).toEqual(from(3, after.length))
      expect(after.slice(0, before.length - 2)).toEqual(before.slice(2))
      await expect(
        lab.inference().call('subscribeRecords', { trialKey: 'none', afterSeq: 0 }),
      ).rejects.toMatchObject({
        code: 'not_found',
      })
    })

    it('ends all hosts when it is stopped, without counting them as lost', async () => {
      const { lab, changes } = await started()
      await lab.stop()
      expect(lab.hosts().map((host) => host.state.kind)).toEqual(hosts.map(() => 'stopped'))
      expect(changes.filter((change) => change.kind === 'lost')).toEqual([])
      expect(() => lab.inference()).toThrow(expect.objectContaining({ code: 'host_down' }))
    })
  })
}
