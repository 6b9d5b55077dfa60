import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { agentProtocolVersion, type Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { LabChange, SatelliteClient } from '../hosts/lab-hosts'
import type { AgentLink } from './agent-link'
import type { Ending } from './host-state'
import { RemoteHost } from './remote-host'

const soon = { timeout: 10_000, interval: 5 }

/** A machine with an agent, as SSH shows it. */
class Machine {
  process = { pid: 1, startedAt: 1 }
  isReachable = true
  isRunning = true
  isInstalled = true
  ending: Ending = { kind: 'crashed', lastLines: ['last words'] }
  readonly asked: Hello[] = []
  readonly calls: string[] = []
  readonly introduced: number[] = []
  readonly changes: LabChange[] = []
  starts = 0
  /** Starting its service takes so long. */
  starting: Promise<void> = Promise.resolve()
  /** False: its service ends at once when it is started. */
  canRun = true
  /** Its clock against this machine's, ms, and how long it takes to say it. */
  clock = { aheadMs: 0, answersAfterMs: 0 }
  /** The answer what time it is waits for this. */
  slow: Promise<void> = Promise.resolve()
  /** Listeners of the newest connection. */
  listening: string[] = []
  opened = 0
  #end: () => void = () => undefined

  readonly host = new RemoteHost({
    hostId: 'nuc1',
    role: 'satellite',
    planes: [0],
    address: '10.0.0.1',
    access: {
      open: () => this.#open(),
      ending: (lost) => {
        this.asked.push(lost)
        return Promise.resolve(this.ending)
      },
      startService: () => {
        if (!this.isInstalled) return Promise.reject(new SkyError('not_installed', 'no agent is installed'))
        this.starts++
        if (this.canRun) this.run()
        return this.starting
      },
      close: () => Promise.resolve(),
    },
    onChange: (change) => this.changes.push(change),
    onNewAgent: (link) => {
      this.introduced.push(link.hello.pid)
      return Promise.resolve()
    },
  })

  /** Start another agent. */
  run(): void {
    this.process = { pid: this.process.pid + 1, startedAt: this.process.startedAt + 10 }
    this.isRunning = true
  }

  dropConnection(): void {
    this.#end()
  }

  kinds(): string[] {
    return this.changes.flatMap(({ kind }) => (kind === 'host' || kind === 'log' ? [] : [kind]))
  }

  async #time(): Promise<{ receivedAt: number; answeredAt: number }> {
    const at = performance.timeOrigin + performance.now() + this.clock.aheadMs
    await Promise.all([sleep(this.clock.answersAfterMs), this.slow])
    return { receivedAt: at, answeredAt: at }
  }

  async #open(): Promise<AgentLink> {
    this.opened++
    if (!this.isReachable) throw new SkyError('unreachable', 'no route to nuc1')
    if (!this.isInstalled) throw new SkyError('not_installed', 'no agent is installed')
    if (!this.isRunning) throw new SkyError('host_down', 'no agent answers')
    const hello: Hello = {
      role: 'satellite',
      hostId: 'nuc1',
      version: '1',
      protocolVersion: agentProtocolVersion,
      nodeVersion: '22',
      ...this.process,
      dataPort: 7420,
      hardware: { cpu: '', cores: 1, memoryBytes: 1, kernel: '', architecture: '', hostname: '' },
      bootId: '',
    }
    let isOpen = true
    let end: () => void = () => undefined
    const closed = new Promise<void>((resolve) => {
      end = () => {
        isOpen = false
        resolve()
      }
    })
    this.#end = end
    const call = async (method: string): Promise<unknown> => {
      if (!isOpen) throw new SkyError('connection_lost', 'it was lost')
      this.calls.push(`${hello.pid} ${method}`)
      if (method === 'clock') return this.#time()
      return answer
    }
    const heard: string[] = []
    this.listening = heard
    const client = { call, on: (event: string) => heard.push(event) } as unknown as SatelliteClient
    return { hello, client, closed, close: end }
  }
}

const delay = { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }
const answer = { satellites: [], delay, peersConnected: [], rssBytes: 1, cpuS: 0, telemetry: null }

async function aMachine(): Promise<Machine> {
  const machine = new Machine()
  onTestFinished(() => machine.host.stop())
  await machine.host.start(new AbortController().signal)
  await machine.host.ask(0)
  expect(machine.host.host.state.kind).toBe('healthy')
  return machine
}

it('is reached again after its connection was lost, without being told of the lab anew', async () => {
  const machine = await aMachine()
  machine.dropConnection()
  await expect.poll(() => machine.kinds(), soon).toEqual(['reconnected'])
  expect(machine.introduced).toEqual([])
  expect(machine.asked).toEqual([])
  await machine.host.ask(0)
  expect(machine.host.host.state).toMatchObject({ kind: 'healthy', pid: 1 })
})

it('is unreachable while it cannot be reached, with attempts that are counted; calls wait for it', async () => {
  const machine = await aMachine()
  machine.isReachable = false
  machine.dropConnection()
  const waiting = machine.host.client.call('counters' as never, {})
  await expect
    .poll(() => machine.host.host.state, soon)
    .toMatchObject({ kind: 'unreachable', attempts: 1, reason: 'no route to nuc1' })
  machine.isReachable = true
  await expect(waiting).resolves.toBe(answer)
  expect(machine.kinds()).toEqual(['reconnected'])
})

it('that was started again meanwhile is told of the lab before anything else, and counts as lost and returned', async () => {
  const machine = await aMachine()
  machine.run()
  machine.dropConnection()
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  expect(machine.introduced).toEqual([2])
  expect(machine.host.sample).toBeNull()
  // It is asked how the agent ended that was lost, not the one that is there now.
  expect(machine.asked.map(({ pid }) => pid)).toEqual([1])
})

it('with the process id of another start is another agent', async () => {
  const machine = await aMachine()
  machine.process = { pid: 1, startedAt: 99 }
  machine.dropConnection()
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
})

it('whose agent ended is crashed, with its last lines; calls fail at once, and it comes back by itself', async () => {
  const machine = await aMachine()
  machine.isRunning = false
  machine.dropConnection()
  const waiting = machine.host.client.call('counters' as never, {})
  await expect(waiting).rejects.toMatchObject({ code: 'host_down' })
  expect(machine.host.host.state).toMatchObject({ kind: 'crashed', lastLines: ['last words'] })
  expect(machine.kinds()).toEqual(['lost'])
  machine.run()
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  expect(machine.starts).toBe(0)
})

it.each<Ending>([
  { kind: 'crashed', lastLines: [] },
  { kind: 'stopped', by: 'ada@laptop' },
  { kind: 'stopped', by: null },
])('that ended as %j is started on request, once', async (ending) => {
  const machine = await aMachine()
  machine.ending = ending
  machine.isRunning = false
  machine.dropConnection()
  const told = ending.kind === 'stopped' ? { kind: 'stopped_by_hand', by: ending.by } : { kind: 'crashed' }
  await expect.poll(() => machine.host.host.state, soon).toMatchObject(told)
  await machine.host.restart(10_000)
  expect(machine.starts).toBe(1)
  expect(machine.kinds()).toEqual(['lost', 'returned'])
})

it.each(['restart', 'update'] as const)(
  'that is to come back (%s) is told as that, until it has failed',
  async (kind) => {
    const machine = await aMachine()
    machine.ending = { kind, by: 'ada@laptop' }
    machine.isRunning = false
    machine.dropConnection()
    const told = { kind: 'restarting', by: 'ada@laptop', isUpdate: kind === 'update' }
    await expect.poll(() => machine.host.host.state, soon).toMatchObject(told)
    await expect(machine.host.client.call('counters' as never, {})).rejects.toMatchObject({
      code: 'host_down',
    })
    machine.ending = { kind: 'crashed', lastLines: ['last words'] }
    await expect
      .poll(() => machine.host.host.state, soon)
      .toMatchObject({ kind: 'crashed', lastLines: ['last words'] })
    machine.run()
    await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
    expect(machine.starts).toBe(0)
  },
)

it('that cannot be reached is not started, and says why it did not come back', async () => {
  const machine = await aMachine()
  machine.isReachable = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state.kind, soon).toBe('unreachable')
  await expect(machine.host.restart(50)).rejects.toMatchObject({
    code: 'lab_start_failed',
    message: expect.stringMatching(
      /nuc1 did not come back .*(no route to nuc1|connection was lost)/,
    ) as string,
  })
  expect(machine.starts).toBe(0)
})

it('is left alone once it is stopped: no attempt follows, and calls fail', async () => {
  const machine = await aMachine()
  machine.isReachable = false
  machine.dropConnection()
  const waiting = machine.host.client.call('counters' as never, {})
  const failed = expect(waiting).rejects.toMatchObject({ code: 'host_down' })
  await machine.host.stop()
  await failed
  const { opened } = machine
  await sleep(700)
  expect(machine.opened).toBe(opened)
  expect(machine.host.host.state).toEqual({ kind: 'stopped' })
})

it('whose agent did not answer for a while has not been told of the lab since: it is told anew, though it is the same', async () => {
  const machine = await aMachine()
  machine.isRunning = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state.kind, soon).toBe('crashed')
  machine.isRunning = true
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  expect(machine.introduced).toEqual([1])
})

it('that was booted may tell another time: what was known of its clock is forgotten', async () => {
  const machine = await aMachine()
  expect(Math.abs(machine.host.host.clock!.offsetMs)).toBeLessThan(1_000)
  machine.run()
  machine.clock = { aheadMs: 60_000, answersAfterMs: 20 }
  machine.dropConnection()
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  await machine.host.ask(0)
  expect(Math.abs(machine.host.host.clock!.offsetMs - 60_000)).toBeLessThan(1_000)
})

it('is listened to over every connection', async () => {
  const machine = await aMachine()
  machine.host.client.on('records' as never, () => undefined)
  expect(machine.listening).toEqual(['records'])
  machine.dropConnection()
  machine.listening = []
  await expect.poll(() => machine.kinds(), soon).toEqual(['reconnected'])
  expect(machine.listening).toEqual(['records'])
})

it('is not well because of what an earlier connection answers late', async () => {
  const machine = await aMachine()
  let release = (): void => undefined
  machine.slow = new Promise((resolve) => (release = resolve))
  const asking = machine.host.ask(0)
  await expect.poll(() => machine.calls.filter((call) => call === '1 clock').length, soon).toBe(2)
  machine.isReachable = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state.kind, soon).toBe('unreachable')
  release()
  await asking
  expect(machine.host.host.state.kind).toBe('unreachable')
})

it('whose service does not stay up is started once, not again and again', async () => {
  const machine = await aMachine()
  machine.isRunning = false
  machine.canRun = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state.kind, soon).toBe('crashed')
  await expect(machine.host.restart(1_500)).rejects.toMatchObject({
    code: 'lab_start_failed',
    message: expect.stringContaining('its agent does not run') as string,
  })
  expect(machine.starts).toBe(1)
})

it('that comes back before the order to start it has returned is not waited for any longer', async () => {
  const machine = await aMachine()
  machine.isRunning = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state.kind, soon).toBe('crashed')
  let started = (): void => undefined
  machine.starting = new Promise((resolve) => (started = resolve))
  const restarting = machine.host.restart(30_000)
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  started()
  const late = sleep(2_000).then(() => 'late')
  await expect(Promise.race([restarting, late])).resolves.toBeUndefined()
})

it('that was removed is told as that, cannot be started, and is there again once it is installed', async () => {
  const machine = await aMachine()
  machine.ending = { kind: 'removed', by: 'ada@laptop' }
  machine.isInstalled = false
  machine.dropConnection()
  await expect.poll(() => machine.host.host.state, soon).toMatchObject({ kind: 'removed', by: 'ada@laptop' })
  expect(machine.kinds()).toEqual(['lost'])
  await expect(machine.host.client.call('counters' as never, {})).rejects.toMatchObject({
    code: 'host_down',
    message: 'The agent of nuc1 was removed',
    hint: 'Apply the lab again.',
  })
  await expect(machine.host.restart(10_000)).rejects.toMatchObject({ code: 'not_installed' })
  machine.isInstalled = true
  machine.run()
  await expect.poll(() => machine.kinds(), soon).toEqual(['lost', 'returned'])
  expect(machine.introduced).toEqual([2])
})
