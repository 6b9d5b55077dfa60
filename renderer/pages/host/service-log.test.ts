import { beforeEach, describe, expect, it, vi } from 'vitest'
import { withEngine, withStores } from '../../testing/with-stores'
import { useHostService } from './use-host-service'
import { serviceLinesKept, useServiceLog } from './use-service-log'

const target = { lab: 'testbed', host: 'nuc1' }
const log = () =>
  useServiceLog(
    () => target.lab,
    () => target.host,
  )
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, 0))
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id))
  return () => vi.unstubAllGlobals()
})

describe('the log of a service', () => {
  it('follows its host until it is told to stop', async () => {
    const { engine, use } = withStores()
    engine.ssh.addTestbed()
    engine.ssh.access.acceptAll('testbed')
    engine.ssh.provisioning.install('testbed')
    const service = use(log)
    await service.follow()
    engine.advance(3_000)
    await vi.waitFor(() => expect(service.lines.value.length).toBeGreaterThan(4))
    await service.unfollow()
    const before = service.lines.value.length
    engine.advance(5_000)
    await settled()
    expect(service.lines.value).toHaveLength(before)
    expect(service.following.value).toBe(false)
  })

  it('is bounded, counts what it left out, and shows control characters as such', async () => {
    const { emit, use } = withEngine({ followServiceLog: () => null, unfollowServiceLog: () => null })
    const service = use(log)
    await service.follow()
    for (let batch = 0; batch < 4; batch++) {
      const lines = Array.from({ length: 1_500 }, (_, i) => `\u001b[2J${batch * 1_500 + i}`)
      emit('serviceLog', { ...target, lines })
    }
    emit('serviceLog', { lab: 'testbed', host: 'nuc2', lines: ['of another host'] })
    await vi.waitFor(() => expect(service.lines.value).toHaveLength(serviceLinesKept))
    expect(service.lines.value.at(-1)?.text).toBe('\\x1b[2J5999')
    expect(service.dropped.value).toBe(6_000 - serviceLinesKept)
    emit('serviceLog', { ...target, lines: ['one more'] })
    await vi.waitFor(() => expect(service.lines.value.at(-1)?.text).toBe('one more'))
    expect(service.dropped.value).toBe(6_001 - serviceLinesKept)
    expect(new Set(service.lines.value.map(({ id }) => id)).size).toBe(serviceLinesKept)
  })

  it('says that it has ended by itself, and can be followed again', async () => {
    const { emit, use } = withEngine({ followServiceLog: () => null, unfollowServiceLog: () => null })
    const service = use(log)
    await service.follow()
    emit('serviceLogEnded', { lab: 'testbed', host: 'nuc2', reason: 'of another host' })
    expect(service.following.value).toBe(true)
    emit('serviceLogEnded', { ...target, reason: 'The SSH connection to nuc1 is lost' })
    expect(service.following.value).toBe(false)
    expect(service.error.value?.message).toBe('The SSH connection to nuc1 is lost')
    await service.follow()
    expect([service.error.value, service.following.value]).toEqual([null, true])
  })

  it('says why it cannot be followed', async () => {
    const { engine, use } = withStores()
    engine.ssh.addTestbed()
    engine.ssh.access.acceptAll('testbed')
    engine.ssh.access.setUnreachable('nuc1', 'timed out after 10 s')
    const service = use(log)
    await service.follow()
    expect([service.error.value?.code, service.following.value]).toEqual(['unreachable', false])
  })
})

describe('the service of a host', () => {
  const service = () =>
    useHostService(
      () => target.lab,
      () => target.host,
    )

  it('is stopped and started', async () => {
    const { engine, use } = withStores()
    engine.ssh.addTestbed()
    engine.ssh.access.acceptAll('testbed')
    engine.ssh.provisioning.install('testbed')
    const host = use(service)
    await host.load()
    expect(host.service.value).toMatchObject({ state: 'running', service: 'system' })
    await host.act('stop')
    expect([host.service.value?.state, host.service.value?.pid]).toEqual(['stopped', null])
    await host.act('start')
    expect([host.service.value?.state, host.acting.value]).toEqual(['running', null])
  })

  it('that is not there cannot be started', async () => {
    const { engine, use } = withStores()
    engine.ssh.addTestbed()
    engine.ssh.access.acceptAll('testbed')
    const host = use(service)
    await host.load()
    expect(host.service.value?.state).toBe('not_installed')
    await host.act('start')
    expect(host.error.value?.code).toBe('not_installed')
  })
})
