import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { connectorOf, inventoryOf } from '../testing/testbed-lab'
import type { Testbed } from '../testbed/testbed'
import { runPreflight } from './preflight'

const missing = noTestbed()

describe.skipIf(missing)('try', () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
  })
  afterAll(() => testbed?.down())
  it('looks', async () => {
    const inventory = inventoryOf(testbed)
    const report = await runPreflight({
      inventory,
      connector: connectorOf(inventory),
      signal: new AbortController().signal,
      onChange: () => undefined,
      now: Date.now,
    })
    for (const host of report.hosts)
      console.log(
        host.host,
        host.error,
        host.checks.map((c) => `${c.id} ${c.status} | ${c.found} | ${c.needed} | ${c.advice}`).join('\n'),
      )
    console.log(report.pairs, report.finishedAt! - report.startedAt)
  })
})
