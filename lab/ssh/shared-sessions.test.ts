import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { FakeConnector } from '../testing/fake-session'
import { SharedSessions } from './shared-sessions'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('opens one connection a host, and ends it some time after the last user has gone', async () => {
  const real = new FakeConnector()
  const shared = new SharedSessions(real)
  const [one, two] = await Promise.all([shared.connect('nuc1'), shared.connect('nuc1')])
  await shared.connect('nuc2')
  expect(real.sessions.map(({ host }) => host)).toEqual(['nuc1', 'nuc2'])
  one.close()
  one.close()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(real.sessions[0]?.isClosed).toBe(false)
  two.close()
  await vi.advanceTimersByTimeAsync(30_000)
  const three = await shared.connect('nuc1')
  await vi.advanceTimersByTimeAsync(120_000)
  expect(real.sessions).toHaveLength(2)
  expect(real.sessions[0]?.isClosed).toBe(false)
  three.close()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(real.sessions.map(({ isClosed }) => isClosed)).toEqual([true, false])
})

it('opens a new one after it was lost, and tells all who used the old one', async () => {
  const real = new FakeConnector()
  const shared = new SharedSessions(real)
  const users = [await shared.connect('nuc1'), await shared.connect('nuc1')]
  const told: string[] = []
  for (const user of users) user.onLost(({ message }) => told.push(message))
  real.sessions[0]?.lose(new Error('cable'))
  expect(told).toEqual(['cable', 'cable'])
  await shared.connect('nuc1')
  expect(real.sessions).toHaveLength(2)
  // What is given back late belongs to the old one.
  for (const user of users) user.close()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(real.sessions.map(({ isClosed }) => isClosed)).toEqual([true, false])
})

it('tries again after a failure', async () => {
  const real = new FakeConnector()
  const shared = new SharedSessions(real)
  real.failWith = new SkyError('unreachable', 'no route')
  await expect(shared.connect('nuc1')).rejects.toThrow('no route')
  real.failWith = null
  expect((await shared.connect('nuc1')).host).toBe('nuc1')
})

it('lets one give up without taking the connection from the others', async () => {
  const real = new FakeConnector()
  const shared = new SharedSessions(real)
  const giving = new AbortController()
  const [first, second] = [shared.connect('nuc1', giving.signal), shared.connect('nuc1')]
  giving.abort()
  await expect(first).rejects.toMatchObject({ code: 'cancelled' })
  expect((await second).host).toBe('nuc1')
  await vi.advanceTimersByTimeAsync(120_000)
  expect(real.sessions.map(({ isClosed }) => isClosed)).toEqual([false])
})
