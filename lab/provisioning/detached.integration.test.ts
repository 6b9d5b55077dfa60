import { readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import type { Testbed } from '../testbed/testbed'
import { crashingBundle, otherBundle } from './testing/bundles'
import { agentVersionHere, provisionerFor, type ProvisionerParts } from './testing/provisioning'
import {
  agentOn,
  hostsOf,
  installedCertificate,
  layoutOf,
  onHost,
  shownCertificate,
  traceOf,
} from './testing/testbed-hosts'

const missing = noTestbed()
if (missing) console.warn(`Tests of provisioning are skipped: ${missing}`)

const layout = layoutOf('detached')

describe.skipIf(missing)('on hosts without systemd', { timeout: 180_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({ hosts: 3 })
  })
  afterAll(() => testbed?.down())

  const agentVersion = agentVersionHere()
  const aConsole = (parts: Partial<ProvisionerParts> = {}, changes: Record<string, object> = {}) =>
    provisionerFor(hostsOf(testbed, changes), { agentEntry, agentVersion, ...parts })
  const names = ['nuc1', 'nuc2', 'jetson']
  const installed = (host: string): { version: string; previousVersion: string | null } =>
    JSON.parse(readFileSync(testbed.fileOf(host, layout.installation), 'utf8')) as never
  beforeEach(async () => {
    const { remove } = await aConsole()
    const { hosts } = await remove()
    expect(hosts.map(({ state, error }) => error?.message ?? state)).toEqual(['done', 'done', 'done'])
  })

  it('plans with sizes and changes nothing; applies; and a second time finds nothing to do', async () => {
    const { plan, apply, states, log, connector } = await aConsole()
    const before = await traceOf(testbed, 'nuc1')
    const planned = await plan()
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
    expect(planned.hosts.map(({ host, service, error }) => [host, service, error])).toEqual(
      names.map((name) => [name, 'detached', null]),
    )
    const [nuc1] = planned.hosts
    expect(nuc1?.steps.map(({ id, action }) => `${id} ${action}`)).toEqual([
      'folders create',
      'runtime create',
      'agent create',
      'version create',
      'certificate create',
      'service create',
      'old none',
    ])
    const bytes = nuc1?.steps.reduce((sum, step) => sum + step.bytes, 0) ?? 0
    expect(bytes).toBeGreaterThan(statSync(agentEntry).size)

    const first = await apply()
    expect(first.hosts.map(({ host, state, changed, error }) => ({ host, state, changed, error }))).toEqual(
      names.map((host) => ({ host, state: 'done', changed: true, error: null })),
    )
    expect(first.hosts[0]).toMatchObject({ bytesDone: bytes, bytes, stepsDone: 6, steps: 6 })
    expect(first.finishedAt).not.toBeNull()
    const running = new Map(
      await Promise.all(names.map(async (host) => [host, await agentOn(connector, host)] as const)),
    )
    for (const [host, hello] of running) expect(hello).toMatchObject({ hostId: host, version: agentVersion })
    expect(running.get('nuc2')).toMatchObject({ role: 'satellite', dataPort: 7420 })
    // Progress never goes back, and every step is told in the log with its host.
    for (const host of names) {
      const done = states.map((state) => state.hosts.find((each) => each.host === host)?.bytesDone ?? 0)
      expect(done).toEqual([...done].sort((a, b) => a - b))
      expect(
        log
          .filter(({ source }) => source === host)
          .map(({ text }) => text)
          .join('\n'),
      ).toMatch(/make certificate/)
    }

    const files = await traceOf(testbed, 'jetson')
    const again = await plan()
    expect(
      again.hosts.flatMap(({ steps }) => steps.map(({ id, action }) => `${id} ${action}`)),
    ).not.toContainEqual(expect.not.stringMatching(/ none$/))
    const second = await apply()
    expect(second.hosts.map(({ state, changed, step }) => [state, changed, step])).toEqual(
      names.map(() => ['done', false, 'nothing to do']),
    )
    expect(await traceOf(testbed, 'jetson')).toEqual(files)
    for (const host of names) expect((await agentOn(connector, host))?.pid).toBe(running.get(host)?.pid)
  })

  it('keeps keys where only their owner can read them, and gives each host its own', async () => {
    const { apply } = await aConsole()
    await apply()
    const keys = names.map((host) => {
      const file = testbed.fileOf(host, `${layout.directory}/tls/key.pem`)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(statSync(testbed.fileOf(host, layout.directory)).mode & 0o777).toBe(0o700)
      return readFileSync(file, 'utf8')
    })
    expect(new Set(keys).size).toBe(3)
  })

  it('brings another version, keeps the one before, goes back to it and forth again, and clears away the rest', async () => {
    const { data, apply } = await aConsole()
    await apply('nuc1')
    const one = installed('nuc1').version
    const second = await aConsole({ data, agentEntry: otherBundle(agentEntry, 'two') })
    const planned = (await second.plan('nuc1')).hosts[0]
    expect(
      planned?.steps.filter(({ action }) => action !== 'none').map(({ id, action }) => `${id} ${action}`),
    ).toEqual(['agent update', 'version create', 'service restart'])
    await second.apply('nuc1')
    const two = installed('nuc1').version
    expect(installed('nuc1')).toMatchObject({ previousVersion: one })
    expect(two).not.toBe(one)

    const { hosts } = await second.rollBack('nuc1')
    expect(hosts[0]).toMatchObject({ state: 'done', changed: true, step: one })
    expect(installed('nuc1')).toMatchObject({ version: one, previousVersion: two })
    // What is wanted is on the host already.
    const after = (await second.plan('nuc1')).hosts[0]
    expect(after?.steps.filter(({ action }) => action !== 'none')).toMatchObject([
      { id: 'service', action: 'restart' },
    ])
    await second.rollBack('nuc1')
    expect(installed('nuc1')).toMatchObject({ version: two, previousVersion: one })

    const third = await aConsole({ data, agentEntry: otherBundle(agentEntry, 'three') })
    const { hosts: applied } = await third.apply('nuc1')
    expect(applied[0]).toMatchObject({ state: 'done' })
    const versions = (await onHost(testbed, 'nuc1', 'ls', layout.versions)).trim().split('\n').sort()
    expect(versions).toEqual([installed('nuc1').version, two].sort())
    expect(await agentOn(third.connector, 'nuc1')).toMatchObject({ hostId: 'nuc1' })
  })

  it('goes back to what ran before when the new agent crashes at its start, and shows its last words', async () => {
    const { data, apply, connector } = await aConsole()
    await apply()
    const before = installed('nuc1')
    const bad = await aConsole({ data, agentEntry: crashingBundle(agentEntry, 'no such tokenizer') })
    const { hosts } = await bad.apply('nuc1')
    expect(hosts[0]).toMatchObject({
      state: 'failed',
      error: {
        code: 'provisioning_failed',
        message: expect.stringContaining('no such tokenizer') as string,
        hint: expect.stringContaining(`Version ${before.version} runs again`) as string,
        details: { lastLines: expect.arrayContaining(['no such tokenizer']) as string[] },
      },
    })
    expect(installed('nuc1')).toEqual(before)
    expect(await agentOn(connector, 'nuc1')).toMatchObject({ hostId: 'nuc1' })
    // The good one again: the crashing one is cleared away.
    const repaired = await apply('nuc1')
    expect(repaired.hosts[0]).toMatchObject({ state: 'done' })
    expect((await onHost(testbed, 'nuc1', 'ls', layout.versions)).trim().split('\n')).toEqual([
      before.version,
    ])
  })

  it('leaves nothing running when the first agent crashes, and can be repeated', async () => {
    const bad = await aConsole({ agentEntry: crashingBundle(agentEntry, 'boom') })
    const { hosts } = await bad.apply('nuc1')
    expect(hosts[0]?.error).toMatchObject({
      hint: expect.stringContaining('Nothing of it runs there now') as string,
    })
    expect(
      (await traceOf(testbed, 'nuc1')).filter((line) => line.includes('skymemory-agent.mjs --')),
    ).toEqual([])
    expect((await bad.rollBack('nuc1')).hosts[0]).toMatchObject({
      state: 'failed',
      error: { code: 'not_installed' },
    })
    const good = await aConsole({ data: bad.data })
    expect((await good.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done' })
  })

  it('says who has the port, and works once it is free', async () => {
    await onHost(
      testbed,
      'nuc1',
      'sh',
      '-c',
      `setsid perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort=>7420,Listen=>5,ReuseAddr=>1); sleep 1000' >/dev/null 2>&1 & :`,
    )
    const { apply } = await aConsole()
    const { hosts } = await apply()
    expect(hosts.map(({ state }) => state)).toEqual(['failed', 'done', 'done'])
    expect(hosts[0]?.error).toMatchObject({
      code: 'port_in_use',
      // Another user's process cannot be named without root.
      message: expect.stringMatching(/port 7420 is taken by a process of the user with id 0$/) as string,
    })
    await onHost(testbed, 'nuc1', 'pkill', 'perl')
    const alone = await apply('nuc1')
    expect(alone.hosts).toMatchObject([{ host: 'nuc1', state: 'done' }])
  })

  it('renews certificates when a third of their time is left, and leaves them alone before', async () => {
    const { data, apply, connector } = await aConsole()
    await apply('nuc1')
    const before = await agentOn(connector, 'nuc1')
    const first = await shownCertificate(testbed, 'nuc1')
    expect(first).toBe(installedCertificate(testbed, 'nuc1', layout))
    const days = (count: number) => () => Date.now() + count * 86_400_000
    const early = await aConsole({ data, now: days(200) })
    expect((await early.apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
    const late = await aConsole({ data, now: days(300) })
    const steps = (await late.plan('nuc1')).hosts[0]?.steps.filter(({ action }) => action !== 'none')
    expect(steps?.map(({ id, action }) => `${id} ${action}`)).toEqual([
      'certificate update',
      'service restart',
      'old delete',
    ])
    expect(steps?.[0]?.detail).toMatch(/it ends on \d{4}-\d\d-\d\d$/)
    // The agent takes the new one: it is not valid yet by the clock of the host, which nobody but peers minds.
    expect((await late.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', changed: true })
    // It reads its certificate at its start.
    expect((await agentOn(connector, 'nuc1'))?.pid).not.toBe(before?.pid)
    const renewed = await shownCertificate(testbed, 'nuc1')
    expect(renewed).not.toBe(first)
    expect(renewed).toBe(installedCertificate(testbed, 'nuc1', layout))
    expect((await late.apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
  })

  it('gives every host another certificate when the authority is another one', async () => {
    const { apply } = await aConsole()
    await apply('nuc1')
    const other = await aConsole()
    const certificate = (await other.plan('nuc1')).hosts[0]?.steps.find(({ id }) => id === 'certificate')
    expect(certificate).toMatchObject({
      action: 'update',
      detail: expect.stringContaining('no authority yet') as string,
    })
    expect((await other.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', changed: true })
    expect((await other.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', changed: false })
  })

  it('uses a fitting Node of the host when it may', async () => {
    const { plan, apply, connector } = await aConsole({}, { nuc1: { host_node: true } })
    const runtime = (await plan('nuc1')).hosts[0]?.steps.find(({ id }) => id === 'runtime')
    expect(runtime).toMatchObject({
      action: 'none',
      bytes: 0,
      detail: expect.stringMatching(/of the host, v\d+/) as string,
    })
    expect((await apply('nuc1')).hosts[0]).toMatchObject({ state: 'done' })
    expect(await agentOn(connector, 'nuc1')).toMatchObject({ nodeVersion: process.versions.node })
    expect((await apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
  })

  it('repairs what was damaged on the host', async () => {
    const { apply, plan } = await aConsole()
    await apply('nuc1')
    const { version } = installed('nuc1')
    const damage = async (script: string): Promise<string[]> => {
      await onHost(testbed, 'nuc1', 'sh', '-c', `cd ${layout.directory}; ${script}`)
      const changes = (await plan('nuc1')).hosts[0]?.steps.filter(({ action }) => action !== 'none') ?? []
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', error: null })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
      return changes.map(({ id, action }) => `${id} ${action}`)
    }
    expect(await damage(`echo >> versions/${version}/skymemory-agent.mjs`)).toEqual([
      'agent update',
      'version update',
      'service restart',
    ])
    expect(await damage('echo rubbish | tee runtimes/*/bin/node')).toEqual([
      'runtime update',
      'service restart',
    ])
    expect(await damage('rm tls/key.pem')).toEqual(['certificate update', 'service restart', 'old delete'])
    expect(await damage('chmod 644 tls/key.pem')).toEqual([
      'certificate update',
      'service restart',
      'old delete',
    ])
    expect(await damage('chmod 755 run')).toEqual(['folders update', 'service restart'])
    expect(await damage('echo rubbish > install.json')).toEqual(['service restart'])
    expect(await damage('kill $(cat run/supervisor.pid); sleep 1')).toEqual(['service create'])
    expect(await damage('mkdir versions/.new-x staging/.x; touch staging/y.partial')).toEqual(['old delete'])
  })

  it('takes everything away again', async () => {
    const before = await traceOf(testbed, 'nuc1')
    const { apply, remove } = await aConsole()
    await apply()
    expect(await traceOf(testbed, 'nuc1')).not.toEqual(before)
    const removed = await remove()
    expect(removed.hosts.map(({ state, changed }) => [state, changed])).toEqual(
      names.map(() => ['done', true]),
    )
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
    expect((await remove()).hosts.map(({ changed }) => changed)).toEqual([false, false, false])
  })

  it('takes away agents that nobody supervises any more, and halves of installations', async () => {
    const before = await traceOf(testbed, 'nuc1')
    const { apply, remove } = await aConsole()
    await apply('nuc1')
    await onHost(
      testbed,
      'nuc1',
      'sh',
      '-c',
      `rm ${layout.directory}/install.json ${layout.run}/supervisor.pid ${layout.current}`,
    )
    await remove('nuc1')
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
  })
})
