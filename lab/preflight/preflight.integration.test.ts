import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HostCheck, PreflightReport } from '#shared/contract/provisioning-api'
import type { Inventory } from '#shared/inventory/inventory'
import type { Testbed } from '../testbed/testbed'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { connectorOf, inventoryOf } from '../testing/testbed-lab'
import { runPreflight } from './preflight'

const missing = noTestbed()
if (missing) console.warn(`preflights are not tested on hosts: ${missing}`)

const preflight = (inventory: Inventory, signal = new AbortController().signal): Promise<PreflightReport> =>
  runPreflight({
    inventory,
    connector: connectorOf(inventory),
    signal,
    onChange: () => undefined,
    now: Date.now,
  })

const checkOf = (report: PreflightReport, host: string, id: string): HostCheck | undefined =>
  report.hosts.find((each) => each.host === host)?.checks.find((check) => check.id === id)

const places = ['/home', '/opt', '/etc', '/root', '/usr/local', '/var', '/tmp', '/dev/shm']
/** The SSH server notes every login there by itself. */
const logOfServer = '/var/log/sshd.log'

/** Files on a host with everything that shows a change, also where programs leave things for a while. */
async function filesOf(testbed: Testbed, host: string): Promise<string[]> {
  const about = ['-not', '-path', logOfServer, '-printf', '%p %T@ %C@ %s %m %u\n']
  const { code, stdout, stderr } = await testbed.exec(host, ['find', ...places, ...about])
  expect(code, stderr).toBe(0)
  return stdout.split('\n').sort()
}

async function programsOf(testbed: Testbed, host: string): Promise<string[]> {
  const { stdout } = await testbed.exec(host, ['ps', '-eo', 'args='])
  return stdout.split('\n').filter((args) => args !== '' && !args.startsWith('ps -eo'))
}

describe.skipIf(missing)('a preflight of real hosts', () => {
  let testbed: Testbed
  let inventory: Inventory
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
    inventory = inventoryOf(testbed)
  })
  afterAll(() => testbed?.down())

  it('finds what they are, and measures every way between them, and changes nothing', async () => {
    const files = await filesOf(testbed, 'nuc1')
    const programs = await programsOf(testbed, 'nuc1')
    const report = await preflight(inventory)
    expect(await filesOf(testbed, 'nuc1')).toEqual(files)
    // The processes of its connections end a moment later.
    const added = async () =>
      (await programsOf(testbed, 'nuc1')).filter((program) => !programs.includes(program))
    await expect.poll(added).toEqual([])
    for (const id of ['connection', 'system', 'architecture', 'memory', 'disk', 'clock']) {
      expect(checkOf(report, 'nuc1', id), id).toMatchObject({ status: 'ok' })
    }
    const satellites = report.pairs.filter(({ to }) => to !== 'jetson')
    expect(satellites.length).toBeGreaterThanOrEqual(4)
    for (const pair of satellites) {
      expect(pair).toMatchObject({ status: 'ok', problem: '' })
      expect(pair.roundTripMs).toBeGreaterThan(0)
      expect(pair.throughputMbitS).toBeGreaterThan(1)
    }
    expect(report.finishedAt).toBeGreaterThanOrEqual(report.startedAt)
  })

  it('says who cannot be reached, and goes on with the others', async () => {
    await testbed.cutLink('nuc2')
    try {
      const ending = AbortSignal.timeout(60_000)
      const report = await preflight(inventory, ending)
      const lost = report.hosts.find(({ host }) => host === 'nuc2')
      expect(['unreachable', 'timeout']).toContain(lost?.error?.code)
      expect(checkOf(report, 'nuc1', 'connection')).toMatchObject({ status: 'ok' })
      const ways = report.pairs.filter(({ from, to }) => from === 'nuc2' || to === 'nuc2')
      expect(ways.every(({ status }) => status !== 'ok')).toBe(true)
    } finally {
      await testbed.restoreLink('nuc2')
    }
  })

  it('names the program that has taken the data port', async () => {
    const listen =
      "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(LocalPort=>7420,Listen=>1,ReuseAddr=>1) or die;sleep 60'"
    await testbed.exec('nuc1', ['sh', '-c', `${listen} >/dev/null 2>&1 & echo started`])
    await expect
      .poll(async () =>
        (await testbed.exec('nuc1', ['sh', '-c', 'grep -c :1CFC /proc/net/tcp'])).stdout.trim(),
      )
      .not.toBe('0')
    const report = await preflight(inventory)
    expect(checkOf(report, 'nuc1', 'port')?.status).toBe('failed')
    await testbed.exec('nuc1', ['sh', '-c', 'pkill -x perl || true'])
  })

  it('can be cancelled', async () => {
    const ending = new AbortController()
    const running = preflight(inventory, ending.signal)
    ending.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
  })
})
