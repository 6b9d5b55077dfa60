import { readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import type { ServiceKind } from '#shared/inventory/inventory'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { systemdMissing } from '../testbed/requirements'
import type { Testbed } from '../testbed/testbed'
import type { SudoPassword } from './host-shell'
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

const missing = noTestbed() ?? systemdMissing()?.message ?? null
if (missing) console.warn(`Tests of provisioning with systemd are skipped: ${missing}`)

describe.skipIf(missing)('on hosts with systemd', { timeout: 240_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({
      hosts: 3,
      host: { systemd: true },
      only: { nuc2: { sudo: 'password' }, jetson: { sudo: 'none' } },
    })
  }, 120_000)
  afterAll(() => testbed?.down())

  /** What a user types; a wrong one is not used again. */
  class Typed implements SudoPassword {
    asked = 0
    #given: string | null
    #wasWrong = false
    constructor(given: string | null) {
      this.#given = given
    }
    async get(): Promise<string> {
      this.asked++
      if (this.#given !== null) return this.#given
      throw new SkyError('secret_needed', 'needed', '', { wasWrong: this.#wasWrong })
    }
    refuse(): void {
      this.#given = null
      this.#wasWrong = true
    }
  }

  const agentVersion = agentVersionHere()
  const aConsole = (parts: Partial<ProvisionerParts> = {}, changes: Record<string, object> = {}) =>
    provisionerFor(hostsOf(testbed, changes), {
      agentEntry,
      agentVersion,
      sudoPassword: new Typed(testbed.state.password),
      ...parts,
    })
  const unit = 'skymemory-rack.service'
  const installed = (
    host: string,
    service: ServiceKind = 'system',
  ): { version: string; previousVersion: string | null } =>
    JSON.parse(readFileSync(testbed.fileOf(host, layoutOf(service).installation), 'utf8')) as never
  beforeEach(async () => {
    const { hosts } = await (await aConsole()).remove()
    expect(hosts.map(({ state, error }) => error?.message ?? state)).toEqual(['done', 'done', 'done'])
  })

  it('makes a system service where sudo allows it, and a service of the user elsewhere; takes all away', async () => {
    const names = ['nuc1', 'nuc2', 'jetson']
    const before = await Promise.all(names.map((host) => traceOf(testbed, host)))
    const { plan, apply, remove, connector } = await aConsole({}, { nuc2: { service: 'system' } })
    const planned = await plan()
    expect(planned.hosts.map(({ host, service, error }) => [host, service, error])).toEqual([
      ['nuc1', 'system', null],
      ['nuc2', 'system', null],
      ['jetson', 'user', null],
    ])
    expect(await traceOf(testbed, 'nuc1')).toEqual(before[0])
    const { hosts } = await apply()
    expect(hosts.map(({ state, error }) => [state, error])).toEqual(names.map(() => ['done', null]))
    for (const host of names) {
      const service = host === 'jetson' ? 'user' : 'system'
      expect(await agentOn(connector, host, service)).toMatchObject({ hostId: host, version: agentVersion })
    }
    expect((await apply()).hosts.map(({ changed }) => changed)).toEqual([false, false, false])
    expect((await remove()).hosts.map(({ state, changed }) => [state, changed])).toEqual(
      names.map(() => ['done', true]),
    )
    expect(await Promise.all(names.map((host) => traceOf(testbed, host)))).toEqual(before)
  })

  it('runs a system service with the rights of its own user, and shuts it in', async () => {
    const { apply, connector } = await aConsole()
    await apply('nuc1')
    const layout = layoutOf('system')
    const pid = (await agentOn(connector, 'nuc1', 'system'))?.pid ?? 0
    const main = (await onHost(testbed, 'nuc1', 'systemctl', 'show', '-p', 'MainPID', '--value', unit)).trim()
    expect(Number(main)).toBe(pid)
    expect((await onHost(testbed, 'nuc1', 'ps', '-o', 'user:32=', '-p', main)).trim()).toBe('skymemory-rack')
    const status = await onHost(testbed, 'nuc1', 'cat', `/proc/${main}/status`)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(status).toMatch(/^Seccomp:\t2$/m)
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    const inside = (...argv: string[]) => testbed.exec('nuc1', ['nsenter', '-t', main, '-m', '--', ...argv])
    expect((await inside('touch', '/opt/skymemory/rack/x')).stderr).toMatch(/Read-only file system/)
    expect((await inside('touch', '/opt/skymemory/rack/journals/x')).code).toBe(0)
    expect((await inside('ls', '/home')).stdout).toBe('')
    await onHost(testbed, 'nuc1', 'rm', '/opt/skymemory/rack/journals/x')

    const owned = async (path: string) =>
      (await onHost(testbed, 'nuc1', 'stat', '-c', '%A %U %G', path)).trim()
    expect(await owned(`${layout.tls}/key.pem`)).toBe('-rw------- skymemory-rack skymemory-rack')
    expect(await owned(layout.run)).toBe('drwxr-s--- skymemory-rack lab')
    expect(await owned(layout.controlSocket)).toBe('srw-rw---- skymemory-rack lab')
    expect(await owned(layout.journals)).toBe('drwx------ skymemory-rack skymemory-rack')
    expect(await owned(layout.entry)).toBe('-rw-r--r-- root root')
    // Another user of the machine cannot give orders.
    const other = await testbed.exec('nuc1', ['ls', layout.run], { user: 'daemon' })
    expect(other.stderr).toMatch(/Permission denied/)
  })

  it('comes back after a reboot, and after it was killed', async () => {
    const { apply, connector } = await aConsole()
    await apply('nuc1', 'jetson')
    for (const [host, service] of [
      ['nuc1', 'system'],
      ['jetson', 'user'],
    ] as const) {
      const first = (await agentOn(connector, host, service))?.pid ?? 0
      await onHost(testbed, host, 'kill', '-9', String(first))
      const again = async () => (await agentOn(connector, host, service))?.pid ?? first
      await expect.poll(again, { timeout: 30_000, interval: 200 }).not.toBe(first)
      await testbed.reboot(host)
      const up = async () => (await agentOn(connector, host, service))?.hostId
      await expect.poll(up, { timeout: 60_000, interval: 200 }).toBe(host)
    }
    expect((await apply('nuc1', 'jetson')).hosts.map(({ changed }) => changed)).toEqual([false, false])
  })

  it('asks for the password of sudo when it is not known, and says that it was wrong', async () => {
    const changes = { nuc2: { service: 'system' } }
    const unknown = await aConsole({ sudoPassword: new Typed(null) }, changes)
    // Planning needs none.
    expect((await unknown.plan('nuc2')).hosts[0]).toMatchObject({ service: 'system', error: null })
    expect((await unknown.apply('nuc2')).hosts[0]).toMatchObject({
      state: 'failed',
      changed: true,
      error: { code: 'secret_needed', details: { wasWrong: false } },
    })
    const wrong = new Typed('not the password')
    const mistaken = await aConsole({ sudoPassword: wrong }, changes)
    expect((await mistaken.apply('nuc2')).hosts[0]?.error).toMatchObject({
      code: 'secret_needed',
      details: { wasWrong: true },
    })
    // It was tried once: repeating it could lock the account.
    const failures = await onHost(
      testbed,
      'nuc2',
      'sh',
      '-c',
      'cat /var/log/auth.log 2>/dev/null; journalctl -t sudo -o cat',
    )
    expect(failures.match(/incorrect password attempt/g)).toHaveLength(1)
    const right = await aConsole({ data: mistaken.data }, changes)
    expect((await right.apply('nuc2')).hosts[0]).toMatchObject({ state: 'done' })
    // A second apply that changes nothing needs no password.
    const none = new Typed(null)
    const second = await aConsole({ data: mistaken.data, sudoPassword: none }, changes)
    expect((await second.apply('nuc2')).hosts[0]).toMatchObject({ state: 'done', changed: false })
    expect(none.asked).toBe(0)
  })

  it('keeps the password of sudo out of process lists and logs', async () => {
    const { password } = testbed.state
    let seen = ''
    const { apply, log, states } = await aConsole({}, { nuc2: { service: 'system' } })
    let done = false
    const applying = apply('nuc2').finally(() => (done = true))
    while (!done) seen += await onHost(testbed, 'nuc2', 'ps', '-eo', 'args', '-ww')
    expect((await applying).hosts[0]).toMatchObject({ state: 'done' })
    expect(seen).toContain('sudo -S')
    const journal = await onHost(testbed, 'nuc2', 'journalctl', '-o', 'verbose', '--no-pager')
    expect(journal).toContain('sudo')
    for (const text of [seen, journal, JSON.stringify(log), JSON.stringify(states)])
      expect(text).not.toContain(password)
    const found = await testbed.exec('nuc2', ['grep', '-rlF', password, '/opt', '/home', '/etc', '/var/tmp'])
    expect(found.stdout).toBe('')
  })

  it('says that a user may not use sudo', async () => {
    const { apply } = await aConsole({}, { jetson: { service: 'system' } })
    expect((await apply('jetson')).hosts[0]?.error).toMatchObject({
      code: 'unauthorised',
      message: expect.stringMatching(
        /^lab may not become root on jetson: .*not in the sudoers file/,
      ) as string,
    })
  })

  it.each(['system', 'user'] as const)(
    'goes back when a %s service crashes at its start; rolls back',
    async (service) => {
      const changes = { nuc1: { service } }
      const first = await aConsole({}, changes)
      await first.apply('nuc1')
      const one = installed('nuc1', service)
      const bad = await aConsole(
        { data: first.data, agentEntry: crashingBundle(agentEntry, 'no such tokenizer') },
        changes,
      )
      const { hosts } = await bad.apply('nuc1')
      expect(hosts[0]?.error).toMatchObject({
        code: 'provisioning_failed',
        message: expect.stringContaining('It said: no such tokenizer') as string,
        hint: expect.stringContaining(`Version ${one.version} runs again`) as string,
        details: { lastLines: expect.arrayContaining(['no such tokenizer']) as string[] },
      })
      expect(await agentOn(first.connector, 'nuc1', service)).toMatchObject({ hostId: 'nuc1' })
      expect(installed('nuc1', service)).toEqual(one)

      const next = await aConsole({ data: first.data, agentEntry: otherBundle(agentEntry, 'two') }, changes)
      expect((await next.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done' })
      expect(installed('nuc1', service)).toMatchObject({ previousVersion: one.version })
      expect((await next.rollBack('nuc1')).hosts[0]).toMatchObject({ state: 'done', step: one.version })
      expect(installed('nuc1', service)).toMatchObject({ version: one.version })
      expect(await agentOn(first.connector, 'nuc1', service)).toMatchObject({ hostId: 'nuc1' })
    },
  )

  it.each(['system', 'user'] as const)(
    'restarts a %s service with a renewed certificate',
    async (service) => {
      const changes = { nuc1: { service } }
      const { data, apply } = await aConsole({}, changes)
      await apply('nuc1')
      const layout = layoutOf(service)
      const first = await shownCertificate(testbed, 'nuc1')
      expect(first).toBe(installedCertificate(testbed, 'nuc1', layout))
      const late = await aConsole({ data, now: () => Date.now() + 300 * 86_400_000 }, changes)
      expect((await late.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', changed: true })
      const renewed = await shownCertificate(testbed, 'nuc1')
      expect(renewed).not.toBe(first)
      expect(renewed).toBe(installedCertificate(testbed, 'nuc1', layout))
    },
  )

  it('leaves no unit behind when the first agent crashes', async () => {
    const bad = await aConsole({ agentEntry: crashingBundle(agentEntry, 'boom') })
    const { hosts } = await bad.apply('nuc1')
    expect(hosts[0]?.error?.message).toContain('boom')
    expect((await testbed.exec('nuc1', ['systemctl', 'is-enabled', unit])).code).not.toBe(0)
    expect((await (await aConsole({ data: bad.data })).apply('nuc1')).hosts[0]).toMatchObject({
      state: 'done',
    })
  })

  it('says which process has the port', async () => {
    await onHost(
      testbed,
      'nuc1',
      'systemd-run',
      '--unit=squatter',
      'perl',
      '-MIO::Socket::INET',
      '-e',
      'my $s = IO::Socket::INET->new(LocalPort => 7420, Listen => 5, ReuseAddr => 1); sleep 1000',
    )
    try {
      const { hosts } = await (await aConsole()).apply('nuc1')
      expect(hosts[0]?.error).toMatchObject({
        code: 'port_in_use',
        message: expect.stringMatching(
          /port 7420 is taken by process \d+ \(.*perl -MIO::Socket::INET/,
        ) as string,
      })
    } finally {
      await onHost(testbed, 'nuc1', 'systemctl', 'stop', 'squatter')
    }
  })

  it('changes the kind of a service, whichever it was', async () => {
    const before = await traceOf(testbed, 'nuc1')
    const { data } = await aConsole()
    const kinds = ['detached', 'user', 'system', 'detached', 'system', 'user', 'detached'] as const
    for (const service of kinds) {
      const { apply, connector, plan } = await aConsole({ data }, { nuc1: { service } })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', error: null })
      expect(await agentOn(connector, 'nuc1', service)).toMatchObject({ hostId: 'nuc1' })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
      // What is there is kept where the inventory leaves the choice.
      const free = await aConsole({ data })
      expect((await free.plan('nuc1')).hosts[0]).toMatchObject({ service })
      expect((await plan('nuc1')).hosts[0]?.steps.map(({ id }) => id)).not.toContain('replaced')
    }
    await (await aConsole({ data })).remove('nuc1')
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
  })

  it('goes back to a service of another kind when the new one crashes', async () => {
    const { data, apply, connector } = await aConsole({}, { nuc1: { service: 'user' } })
    await apply('nuc1')
    const bad = await aConsole(
      { data, agentEntry: crashingBundle(agentEntry, 'boom') },
      { nuc1: { service: 'system' } },
    )
    expect((await bad.apply('nuc1')).hosts[0]).toMatchObject({ state: 'failed' })
    const up = async () => (await agentOn(connector, 'nuc1', 'user'))?.hostId
    await expect.poll(up, { timeout: 30_000, interval: 200 }).toBe('nuc1')
  })

  it('leaves lingering and accounts alone that were there before', async () => {
    await onHost(testbed, 'nuc1', 'loginctl', 'enable-linger', 'lab')
    await onHost(testbed, 'nuc1', 'useradd', '--system', '--user-group', 'skymemory-rack')
    const before = await traceOf(testbed, 'nuc1')
    expect(before).toContain('lingers: lab')
    const { data } = await aConsole()
    for (const service of ['user', 'system']) {
      const { apply, remove } = await aConsole({ data }, { nuc1: { service } })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', error: null })
      await remove('nuc1')
    }
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
    await onHost(testbed, 'nuc1', 'loginctl', 'disable-linger', 'lab')
    await onHost(testbed, 'nuc1', 'userdel', 'skymemory-rack')
  })

  it('is reached through its own standard input and output where sockets may not be forwarded', async () => {
    const config = testbed.fileOf('nuc1', '/etc/ssh/sshd_config')
    const text = readFileSync(config, 'utf8')
    expect(statSync(config).isFile()).toBe(true)
    await onHost(testbed, 'nuc1', 'sed', '-i', '1i AllowStreamLocalForwarding no', '/etc/ssh/sshd_config')
    await testbed.stopSshd('nuc1')
    await testbed.startSshd('nuc1')
    try {
      const { apply } = await aConsole()
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ state: 'done', error: null })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
    } finally {
      await testbed.exec('nuc1', ['tee', '/etc/ssh/sshd_config'], { stdin: text })
      await testbed.stopSshd('nuc1')
      await testbed.startSshd('nuc1')
    }
  })
})
