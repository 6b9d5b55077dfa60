import { expect, it } from 'vitest'
import type { LabHost } from '#shared/contract/console-api'
import type { LabChange, LabHosts } from '../hosts/lab-hosts'
import { LabWatch } from './lab-watch'

const well = (pid: number): LabHost['state'] => ({
  kind: 'healthy',
  pid,
  version: '1',
  nodeVersion: '22',
  startedAt: 0,
  rssBytes: 1,
  cpuLoad: null,
  peersConnected: 1,
  peersExpected: 1,
})
const crashed: LabHost['state'] = { kind: 'crashed', at: 0, exitCode: null, signal: 'SIGKILL', lastLines: [] }
const silentFor = (ms: number): LabHost['state'] => ({
  kind: 'unreachable',
  since: Date.now() - ms,
  attempts: 1,
  nextAttemptAt: null,
  reason: 'no answer for 5 s',
})

/** Two hosts that become what a test wants. */
function watched() {
  const states = new Map([
    ['nuc1', well(1)],
    ['jetson', well(2)],
  ])
  const listeners = new Set<(change: LabChange) => void>()
  const hosts = () => [...states].map(([hostId, state]) => ({ hostId, state }) as LabHost)
  const lab = {
    hosts,
    poll: () => Promise.resolve(),
    onChange: (listener: (change: LabChange) => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as LabHosts
  const watch = new LabWatch(lab)
  return {
    watch,
    listeners,
    become: (hostId: string, state: LabHost['state'], kind: 'host' | 'lost' | 'reconnected' = 'host') => {
      states.set(hostId, state)
      for (const listener of listeners) listener({ kind, host: { hostId, state } as LabHost })
    },
  }
}

it('hosts that run on disturb nobody', async () => {
  const { watch, become, listeners } = watched()
  become('nuc1', well(1))
  become('nuc1', silentFor(6_000))
  become('nuc1', well(1))
  await watch.check()
  expect(watch.signal.aborted).toBe(false)
  watch.stop()
  expect(listeners.size).toBe(0)
})

it.each<[string, LabHost['state'], 'host' | 'lost' | 'reconnected', object]>([
  ['ended', crashed, 'lost', { code: 'host_down', message: 'nuc1 was killed (SIGKILL)' }],
  ['is silent for long', silentFor(21_000), 'host', { code: 'unreachable' }],
  ['was away for a moment', well(1), 'reconnected', { code: 'connection_lost' }],
])('a host that %s is told at once', async (_, state, kind, error) => {
  const { watch, become } = watched()
  become('nuc1', state, kind)
  expect(watch.signal.reason).toMatchObject(error)
  await expect(watch.check()).rejects.toMatchObject(error)
})

it('a host that is another process now, or cannot be reached now, is found by asking', async () => {
  const other = watched()
  other.become('nuc1', well(7))
  await expect(other.watch.check()).rejects.toMatchObject({ message: 'nuc1 was started again' })
  const away = watched()
  away.become('nuc1', silentFor(5_000))
  await expect(away.watch.check()).rejects.toMatchObject({
    code: 'unreachable',
    hint: 'Look at nuc1, then begin again.',
  })
})

it('a host may be restarted on purpose, and no other one meanwhile', async () => {
  const { watch, become } = watched()
  await watch.sparing('jetson', () => {
    become('jetson', crashed, 'lost')
    become('jetson', well(3))
    return Promise.resolve()
  })
  await watch.check()
  await watch.sparing('jetson', () => {
    become('nuc1', crashed, 'lost')
    return Promise.resolve()
  })
  await expect(watch.check()).rejects.toMatchObject({ code: 'host_down' })
})
