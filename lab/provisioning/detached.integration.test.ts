import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import type { Testbed } from '../testbed/testbed'
import { agentVersionHere, provisionerFor } from './testing/provisioning'

const missing = noTestbed()
if (missing) console.warn(`skipped: ${missing}`)

describe.skipIf(missing)('on hosts without systemd', () => {
  let testbed: Testbed
  let agent: string
  beforeAll(async () => {
    agent = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({ hosts: 3 })
  })
  afterAll(() => testbed?.down())

  const hosts = () =>
    testbed.hosts.map(({ name, role, address }) => ({
      name,
      role,
      address,
      user: testbed.state.user,
      authentication: { kind: 'key', file: testbed.state.keyFile },
    }))
  const aConsole = () => provisionerFor(hosts(), { agentEntry: agent, agentVersion: agentVersionHere() })

  it('deploys', async () => {
    const { plan, apply, log } = await aConsole()
    const p = await plan()
    console.log(JSON.stringify(p, null, 1))
    const t = Date.now()
    const state = await apply()
    console.log(Date.now() - t, JSON.stringify(state, null, 1))
    console.log(log.map((l) => `${l.source} ${l.level} ${l.text}`).join('\n'))
    const t2 = Date.now()
    const again = await apply()
    console.log(Date.now() - t2, JSON.stringify(again.hosts))
    expect(again.hosts.every((h) => !h.changed)).toBe(true)
  })
})
