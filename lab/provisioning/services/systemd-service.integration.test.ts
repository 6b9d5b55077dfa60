import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundleFor } from '../../testing/agent-bundle'
import { noSecrets } from '../../testing/ssh-lab'
import { noTestbed, testbedForTest } from '../../testing/testbed'
import { systemdMissing } from '../../testbed/requirements'
import type { Testbed } from '../../testbed/testbed'
import { openHostShell } from '../open-host-shell'
import { agentVersionHere, provisionerFor } from '../testing/provisioning'
import { agentOn, hostsOf, layoutOf, onHost } from '../testing/testbed-hosts'
import { agentEnding, controlService, followLines } from './service-control'

const missing = noTestbed() ?? systemdMissing()?.message ?? null
if (missing) console.warn(`Tests of services with systemd are skipped: ${missing}`)

describe.skipIf(missing)('a service of systemd', { timeout: 240_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({
      hosts: 2,
      host: { systemd: true },
      only: { jetson: { sudo: 'none' } },
    })
  }, 120_000)
  afterAll(() => testbed?.down())

  const aConsole = (changes: Record<string, object> = {}) =>
    provisionerFor(hostsOf(testbed, changes), { agentEntry, agentVersion: agentVersionHere() })
  beforeEach(async () => {
    const { hosts } = await (await aConsole()).remove()
    expect(hosts.map(({ state, error }) => error?.message ?? state)).toEqual(['done', 'done'])
  })

  it('says of an agent that ended whether it was stopped, and by whom', async () => {
    const { apply, connector } = await aConsole()
    await apply('nuc1', 'jetson')
    for (const [host, service] of [
      ['nuc1', 'system'],
      ['jetson', 'user'],
    ] as const) {
      const session = await connector.connect(host)
      const shell = await openHostShell(session, 'rack', noSecrets())
      const subject = { lab: 'rack', service, layout: layoutOf(service) }
      const running = async () => {
        const startedAt = async () => (await agentOn(connector, host, service))?.startedAt ?? 0
        await expect.poll(startedAt, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0)
        return startedAt()
      }
      const first = await running()
      await controlService(shell, subject, 'stop', { by: 'ada@laptop' })
      expect(await agentEnding(shell, subject, first)).toEqual({ kind: 'stopped', by: 'ada@laptop' })
      await controlService(shell, subject, 'start')
      const restarted = await running()
      for (const [isUpdate, kind] of [
        [false, 'restart'],
        [true, 'update'],
      ] as const) {
        await controlService(shell, subject, 'restart', { by: 'ada@laptop', isUpdate })
        expect(await agentEnding(shell, subject, restarted)).toEqual({ kind, by: 'ada@laptop' })
      }
      await running()
      await controlService(shell, subject, 'stop', { by: '' })
      await controlService(shell, subject, 'start', { by: 'ada@laptop' })
      const second = await running()
      // By hand on the host: nobody notes who, and what was noted before is of an earlier agent.
      await controlService(shell, subject, 'stop')
      expect(await agentEnding(shell, subject, second)).toEqual({ kind: 'stopped', by: null })
      await controlService(shell, subject, 'start')
      const third = await running()
      const pid = (await agentOn(connector, host, service))?.pid ?? 0
      await onHost(testbed, host, 'kill', '-9', String(pid))
      expect(await agentEnding(shell, subject, third)).toEqual({ kind: 'crashed' })
      const again = async () => (await agentOn(connector, host, service))?.pid ?? pid
      await expect.poll(again, { timeout: 30_000, interval: 200 }).not.toBe(pid)
      session.close()
    }
  })

  it('follows the log of a unit, of a user also where only root may read the journal', async () => {
    for (const service of ['system', 'user'] as const) {
      const { apply, connector } = await aConsole({ nuc1: { service } })
      await apply('nuc1')
      const session = await connector.connect('nuc1')
      const shell = await openHostShell(session, 'rack', noSecrets())
      const subject = { lab: 'rack', service, layout: layoutOf(service) }
      // These hosts have no journal that stays over reboots, and so none of single users.
      const own = await session.run(['journalctl', '-q', '--user', '-n', '1', '--no-pager'])
      expect(own.stdout).toBe('')
      const following = await followLines(shell, subject, 50)
      let text = ''
      following.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
      await expect.poll(() => text, { timeout: 30_000 }).toMatch(/skymemory|agent/)
      const before = text.length
      await controlService(shell, subject, 'restart')
      await expect.poll(() => text.length, { timeout: 30_000 }).toBeGreaterThan(before)
      // Nothing is written any more that would end a program whose output goes nowhere.
      let seen = -1
      await expect.poll(() => seen === (seen = text.length), { timeout: 30_000, interval: 1_500 }).toBe(true)
      following.kill()
      session.close()
      const followers = () => testbed.exec('nuc1', ['pgrep', '-f', 'journalctl.*skymemory-rack'])
      await expect.poll(async () => (await followers()).stdout, { timeout: 10_000 }).toBe('')
      await (await aConsole()).remove('nuc1')
    }
  })
})
