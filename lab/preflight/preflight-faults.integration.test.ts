import { chmodSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HostCheck, HostPair, PreflightReport } from '#shared/contract/provisioning-api'
import type { Inventory } from '#shared/inventory/inventory'
import type { Testbed } from '../testbed/testbed'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { connectorOf, inventoryOf } from '../testing/testbed-lab'
import { measureClock } from './clock'
import { runPreflight } from './preflight'

const missing = noTestbed()
if (missing) console.warn(`preflights of faulty hosts are not tested: ${missing}`)

const aheadMs = 5_000

describe.skipIf(missing)('a preflight of hosts with faults', () => {
  let testbed: Testbed
  let inventory: Inventory
  let report: PreflightReport

  const check = (host: string, id: string): HostCheck | undefined =>
    report.hosts.find((each) => each.host === host)?.checks.find((each) => each.id === id)
  const pair = (from: string, to: string): HostPair | undefined =>
    report.pairs.find((each) => each.from === from && each.to === to)

  beforeAll(async () => {
    testbed = await testbedForTest({
      hosts: 5,
      only: {
        nuc1: { sudo: 'missing' },
        nuc2: { diskMegabytes: 32, sudo: 'none' },
        nuc3: { readOnlyHome: true },
        nuc4: { hide: ['/usr/bin/perl'] },
      },
    })
    inventory = inventoryOf(testbed)
    await testbed.fillDisk('nuc2')
    // Packets from nuc3 to nuc1 are dropped, as by a firewall; the way back is open, but no answer comes.
    const { address } = testbed.host('nuc1')
    await testbed.exec('nuc3', ['ip', 'route', 'add', 'blackhole', `${address}/32`])
    // A host without perl tells the time by `date`; this one is ahead.
    const date = testbed.localFileOf('nuc4', 'bin/date')
    writeFileSync(date, `#!/bin/sh\nexec /usr/bin/date -d '+${aheadMs / 1_000} seconds' "$@"\n`)
    chmodSync(date, 0o755)
    // A login shell that prints more than anybody wants to read.
    const { user } = testbed.state
    const flood = testbed.fileOf('jetson', `home/${user}/.bashrc`)
    writeFileSync(flood, "printf '\\033[2J@end\\n'; head -c 100000 /dev/zero | tr '\\\\0' x; echo\n")
    report = await runPreflight({
      inventory,
      connector: connectorOf(inventory),
      signal: new AbortController().signal,
      onChange: () => undefined,
      now: Date.now,
    })
  })
  afterAll(() => testbed?.down())

  it('reaches all of them', () => {
    expect(report.hosts.map(({ host, state, error }) => [host, state, error])).toEqual(
      inventory.hosts.map(({ name }) => [name, 'done', null]),
    )
  })

  it('says that there is no sudo, or no right to use it', () => {
    expect(check('nuc1', 'sudo')).toMatchObject({ found: 'no sudo' })
    expect(check('nuc2', 'sudo')?.found).toMatch(/no group of administrators/)
    expect(check('nuc3', 'sudo')).toMatchObject({ status: 'ok', found: 'sudo without password' })
  })

  it('says that a disk is full', () => {
    expect(check('nuc2', 'disk')).toMatchObject({
      status: 'failed',
      found: '0 MB free in /home/lab',
      advice: 'Make room in /home/lab.',
    })
    expect(check('nuc1', 'disk')?.status).toBe('ok')
  })

  it('says that a home directory cannot be written', () => {
    expect(check('nuc3', 'home')).toMatchObject({ status: 'failed', found: '/home/lab cannot be written' })
    expect(check('nuc1', 'home')?.status).toBe('ok')
  })

  it('says which way between hosts is closed, and measures the others', () => {
    expect(pair('nuc3', 'nuc1')).toMatchObject({ status: 'failed', roundTripMs: null, throughputMbitS: null })
    expect(pair('nuc3', 'nuc1')?.problem).toMatch(
      /nuc3 does not reach 10\.77\.\d+\.11:7420: .* TCP 7420 must get through/,
    )
    for (const [from, to] of [
      ['nuc1', 'nuc2'],
      ['nuc2', 'nuc1'],
      ['jetson', 'nuc1'],
      ['nuc1', 'jetson'],
    ] as const) {
      expect(pair(from, to), `${from} to ${to}`).toMatchObject({ status: 'ok', problem: '' })
      expect(pair(from, to)?.throughputMbitS).toBeGreaterThan(1)
    }
  })

  it('says that a host has nothing to measure with', () => {
    expect(pair('nuc4', 'nuc1')).toMatchObject({
      status: 'skipped',
      problem: 'nuc4 has no perl to measure with',
    })
    expect(pair('nuc1', 'nuc4')).toMatchObject({
      status: 'skipped',
      problem: 'nuc4 has no perl to measure with',
    })
  })

  it('finds the offset of a clock, also by date, and how far it may be wrong', async () => {
    expect(check('nuc4', 'clock')).toMatchObject({ status: 'warning' })
    const connector = connectorOf(inventory)
    for (const [host, truth] of [
      ['nuc4', aheadMs],
      ['nuc1', 0],
    ] as const) {
      const session = await connector.connect(host)
      const clock = await measureClock(session)
      session.close()
      if (!clock) throw new Error(`${host} told no time`)
      // One machine, one clock: the true offset is known. `date` cuts off what is below a microsecond.
      expect(Math.abs(clock.offsetMs - truth), host).toBeLessThanOrEqual(clock.uncertaintyMs + 0.001)
      expect(clock.uncertaintyMs).toBeLessThan(1_000)
    }
  })

  it('reads what a host says behind the noise of its login shell', () => {
    expect(check('jetson', 'system')).toMatchObject({ status: 'ok' })
    expect(JSON.stringify(report)).not.toContain('\\u001b')
  })

  it('leaves no listener behind', async () => {
    for (const host of ['nuc1', 'nuc2', 'nuc3']) {
      await expect
        .poll(async () =>
          (
            await testbed.exec(host, ['sh', '-c', 'pgrep -x perl; grep -c ":1CFC .* 0A " /proc/net/tcp6'])
          ).stdout.trim(),
        )
        .toBe('0')
    }
  })
})
