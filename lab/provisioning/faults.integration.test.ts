import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import type { SshConnector, SshSession } from '../ssh/ssh-session'
import type { Testbed } from '../testbed/testbed'
import { otherBundle } from './testing/bundles'
import { agentVersionHere, borrowedNode, provisionerFor, type ProvisionerParts } from './testing/provisioning'
import { agentOn, hostsOf, layoutOf, onHost, traceOf } from './testing/testbed-hosts'

const missing = noTestbed()
if (missing) console.warn(`Tests of provisioning are skipped: ${missing}`)

const layout = layoutOf('detached')
/** Takes a while to be sent. The shell has become Node before it reads the rest. */
const largeProgram = `${borrowedNode}${randomBytes(12_000_000).toString('hex')}\n`

/** A connector whose sessions are changed. */
const changed =
  (change: (session: SshSession) => Partial<SshSession>) =>
  (connector: SshConnector): SshConnector => ({
    connect: async (host, signal) => {
      const session = await connector.connect(host, signal)
      const own = {
        host: session.host,
        user: session.user,
        serverVersion: session.serverVersion,
        run: session.run.bind(session),
        script: session.script.bind(session),
        start: session.start.bind(session),
        shell: session.shell.bind(session),
        connectToUnixSocket: session.connectToUnixSocket.bind(session),
        upload: session.upload.bind(session),
        onLost: session.onLost.bind(session),
        close: session.close.bind(session),
      }
      return { ...own, ...change(own) }
    },
  })

describe.skipIf(missing)('provisioning with faults', { timeout: 300_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({
      hosts: 5,
      only: {
        nuc2: { diskMegabytes: 64 },
        nuc3: { hide: ['/usr/bin/flock'] },
        nuc4: { sudo: 'none' },
        jetson: { readOnlyHome: true, sudo: 'none' },
      },
    })
  })
  afterAll(() => testbed?.down())

  const agentVersion = agentVersionHere()
  const aConsole = (parts: Partial<ProvisionerParts> = {}, changes: Record<string, object> = {}) =>
    provisionerFor(hostsOf(testbed, changes), { agentEntry, agentVersion, ...parts })

  it('goes on with an upload that was cut in the middle', async () => {
    let cut = false
    const sent: number[] = []
    const { apply, remove } = await aConsole({
      program: largeProgram,
      connector: changed((session) => ({
        upload: async (source, path, options) => {
          const whole = source.kind === 'file' ? source.bytes : source.bytes.length
          const bytes = await session.upload(source, path, {
            ...options,
            onProgress: (done) => {
              options.onProgress?.(done)
              if (cut || done < whole / 2 || !path.endsWith('.tgz')) return
              cut = true
              void testbed.dropConnections('nuc1')
            },
          })
          if (path.endsWith('.tgz')) sent.push(bytes / whole)
          return bytes
        },
      })),
    })
    const first = await apply('nuc1')
    expect(first.hosts[0]).toMatchObject({
      state: 'failed',
      step: 'Node runtime',
      error: { code: 'connection_lost' },
    })
    const second = await apply('nuc1')
    expect(second.hosts[0]).toMatchObject({ state: 'done' })
    expect(sent).toHaveLength(1)
    expect(sent[0]).toBeLessThan(0.9)
    await remove('nuc1')
  })

  it('is finished by the next apply, wherever the console was killed', async () => {
    const before = await traceOf(testbed, 'nuc1')
    const good = await aConsole()
    await good.apply('nuc1')
    const wanted = await traceOf(testbed, 'nuc1')
    const shape = (trace: string[]): string[] =>
      trace
        .map((line) => line.replaceAll(/certificates\/\w+/g, 'certificates/*'))
        .filter((line) => /^[fld] /.test(line))
    await good.remove('nuc1')
    // The last answer that a console hears before it is gone: none, one, two ... up to all of them.
    for (let heard = 0; ; heard++) {
      let left = heard
      const killed = await aConsole({
        data: good.data,
        connector: changed((session) => {
          const counted =
            <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
            async (...args: A): Promise<R> => {
              const answer = await work(...args)
              if (left-- > 0) return answer
              session.close()
              throw new SkyError('connection_lost', 'the console was killed')
            }
          return {
            run: counted((...args: Parameters<SshSession['run']>) => session.run(...args)),
            script: counted((...args: Parameters<SshSession['script']>) => session.script(...args)),
            start: counted((...args: Parameters<SshSession['start']>) => session.start(...args)),
            upload: counted((...args: Parameters<SshSession['upload']>) => session.upload(...args)),
          }
        }),
      })
      const { hosts } = await killed.apply('nuc1')
      if (hosts[0]?.state === 'done') {
        expect(heard).toBeGreaterThan(8)
        break
      }
      expect(hosts[0]?.error).toMatchObject({ code: 'connection_lost' })
      const after = await good.apply('nuc1')
      expect(after.hosts[0]).toMatchObject({ state: 'done', error: null })
      expect(await agentOn(good.connector, 'nuc1')).toMatchObject({ hostId: 'nuc1' })
      expect(shape(await traceOf(testbed, 'nuc1'))).toEqual(shape(wanted))
      expect((await good.apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
      await good.remove('nuc1')
    }
    await good.remove('nuc1')
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
  })

  it('tells a second console who holds a host, and does the others', async () => {
    const one = await aConsole()
    await one.apply('nuc1', 'nuc4')
    let inside: (() => void) | null = null
    const reached = new Promise<void>((resolve) => (inside = resolve))
    let goOn: (() => void) | null = null
    const waiting = new Promise<void>((resolve) => (goOn = resolve))
    const slow = await aConsole({
      data: one.data,
      agentEntry: otherBundle(agentEntry, 'another'),
      connector: changed((session) => ({
        upload: async (...args) => {
          inside?.()
          await waiting
          return session.upload(...args)
        },
      })),
    })
    const working = slow.apply('nuc1')
    await reached
    const two = await aConsole()
    const { hosts } = await two.apply('nuc1', 'nuc4')
    const [nuc1, nuc4] = hosts
    expect(nuc1).toMatchObject({
      state: 'failed',
      error: { code: 'lab_held', details: { lab: 'rack', host: 'nuc1' } },
    })
    expect(nuc1?.error?.message).toMatch(/^The lab rack is used by \S+@\S+ since \S+: it holds nuc1$/)
    expect(nuc4).toMatchObject({ state: 'done' })
    expect((await two.remove('nuc1')).hosts[0]).toMatchObject({ error: { code: 'lab_held' } })
    expect((await two.rollBack('nuc1')).hosts[0]).toMatchObject({ error: { code: 'lab_held' } })
    ;(goOn as unknown as () => void)()
    expect((await working).hosts[0]).toMatchObject({ state: 'done' })
    expect((await two.remove('nuc1', 'nuc4')).hosts.map(({ state }) => state)).toEqual(['done', 'done'])
  })

  it('stops when it is cancelled, and goes on later', async () => {
    const { provisioner, apply, remove, states } = await aConsole({ program: largeProgram })
    const working = apply('nuc1', 'nuc4')
    await expect
      .poll(() => states.at(-1)?.hosts[0]?.bytesDone, { timeout: 60_000, interval: 5 })
      .toBeGreaterThan(0)
    await expect(apply('nuc1')).rejects.toMatchObject({ code: 'conflict' })
    await provisioner.cancel('rack')
    const { hosts } = await working
    expect(hosts.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(existsSync(testbed.fileOf('nuc1', layout.current))).toBe(false)
    expect((await apply('nuc1', 'nuc4')).hosts.map(({ state }) => state)).toEqual(['done', 'done'])
    await remove('nuc1', 'nuc4')
  })

  it('unpacks no runtime that is not what is pinned', async () => {
    const { apply } = await aConsole()
    const spoiled = await aConsole({ spoilProgram: true })
    const { hosts } = await spoiled.apply('nuc1')
    expect(hosts[0]?.error).toMatchObject({
      code: 'provisioning_failed',
      message: expect.stringMatching(
        /nuc1: to unpack the runtime failed: the unpacked program has the SHA-256 \w+ instead of 0+$/,
      ) as string,
    })
    expect((await onHost(testbed, 'nuc1', 'ls', '-A', layout.runtimes)).trim()).toBe('')
    await apply('nuc1')
    await spoiled.remove('nuc1')
  })

  it('says that no runtime fits a machine, or that the one for it does not start', async () => {
    const uname = testbed.localFileOf('nuc1', 'bin/uname')
    const pretend = (machine: string): void => {
      writeFileSync(
        uname,
        `#!/bin/sh\n[ "$1" = -m ] && { echo ${machine}; exit; }\nexec /usr/bin/uname "$@"\n`,
        { mode: 0o755 },
      )
    }
    try {
      pretend('riscv64')
      const { plan, apply, remove } = await aConsole()
      expect((await plan('nuc1')).hosts[0]?.error).toMatchObject({
        code: 'not_supported',
        message:
          'No Node runtime fits nuc1: its machine is riscv64; runtimes are there for x86_64 and aarch64',
      })
      expect((await apply('nuc1')).hosts[0]).toMatchObject({
        state: 'failed',
        error: { code: 'not_supported' },
      })
      expect(existsSync(testbed.fileOf('nuc1', layout.directory))).toBe(false)
      pretend('aarch64')
      const { hosts } = await apply('nuc1')
      expect(hosts[0]?.error).toMatchObject({
        code: 'not_supported',
        message: expect.stringMatching(
          /to unpack the runtime failed: the runtime does not start here: .*Exec format error/,
        ) as string,
        hint: expect.stringContaining('Does the machine tell its architecture truly?') as string,
      })
      await remove('nuc1')
    } finally {
      rmSync(uname)
    }
  })

  it('says before it begins that a disk is too small, a home read-only, a program missing', async () => {
    await testbed.fillDisk('nuc2')
    const { plan, apply } = await aConsole({ program: largeProgram })
    const errors = (await plan('nuc2', 'nuc3', 'jetson')).hosts.map(
      ({ error }) => `${error?.code}: ${error?.message}`,
    )
    expect(errors).toEqual([
      expect.stringMatching(/^host_disk_full: nuc2 has 0 MB left for \S+, and \d+ MB are needed$/),
      'not_supported: nuc3 lacks flock',
      `host_not_writable: ${layout.directory} on jetson cannot be written by lab`,
    ])
    expect(
      (await apply('nuc2', 'nuc3', 'jetson')).hosts.map(({ state, changed: touched }) => [state, touched]),
    ).toEqual([
      ['failed', false],
      ['failed', false],
      ['failed', false],
    ])
    await testbed.clearDisk('nuc2')
    expect((await plan('nuc2')).hosts[0]).toMatchObject({ error: null })
  })

  it('says that a disk became full meanwhile, and finishes once there is room', async () => {
    let filled = false
    const { apply, remove, log } = await aConsole({
      program: largeProgram,
      connector: changed((session) => ({
        upload: async (...args) => {
          if (!filled) await testbed.fillDisk('nuc2')
          filled = true
          return session.upload(...args)
        },
      })),
    })
    const { hosts } = await apply('nuc2', 'nuc1')
    expect(hosts.map(({ host, state }) => `${host} ${state}`)).toEqual(['nuc1 done', 'nuc2 failed'])
    expect(hosts[1]?.error).toMatchObject({ code: 'host_disk_full' })
    expect(log.find(({ source, level }) => source === 'nuc2' && level === 'error')?.text).toContain('nuc2')
    await testbed.clearDisk('nuc2')
    expect((await apply('nuc2')).hosts[0]).toMatchObject({ state: 'done' })
    await remove('nuc1', 'nuc2')
  })

  it('runs nothing of what user names and paths hold', async () => {
    const home = `/home/it's a "home" $(touch ran) \${HOME} 100%h ;&`
    const user = `o'dd $(touch ran) "u"`
    const at = (path: string): string => testbed.fileOf('nuc1', path)
    const passwd = execFileSync('cat', [at('/etc/passwd')], { encoding: 'utf8' })
    const shadow = execFileSync('cat', [at('/etc/shadow')], { encoding: 'utf8' })
    writeFileSync(at('/etc/passwd'), `${passwd}${user}:x:1777:1777::${home}:/bin/sh\n`)
    writeFileSync(at('/etc/shadow'), `${shadow}${user}:*:19000:0:99999:7:::\n`)
    await onHost(testbed, 'nuc1', 'cp', '-a', '/home/lab', home)
    await onHost(testbed, 'nuc1', 'chown', '-R', '1777:1777', home)
    const before = await traceOf(testbed, 'nuc1')
    const { apply, plan, remove, connector } = await aConsole({}, { nuc1: { user } })
    const { hosts } = await apply('nuc1')
    expect(hosts[0]).toMatchObject({ state: 'done', error: null })
    expect((await plan('nuc1')).hosts[0]).toMatchObject({
      directory: `${home}/.local/share/skymemory/rack`,
      error: null,
    })
    expect((await apply('nuc1')).hosts[0]).toMatchObject({ changed: false })
    expect(await agentOn(connector, 'nuc1', 'detached', 'rack', home)).toMatchObject({ hostId: 'nuc1' })
    expect((await remove('nuc1')).hosts[0]).toMatchObject({ state: 'done' })
    expect(await traceOf(testbed, 'nuc1')).toEqual(before)
    expect(before.filter((line) => line.endsWith('/ran'))).toEqual([])
    writeFileSync(at('/etc/passwd'), passwd)
    writeFileSync(at('/etc/shadow'), shadow)
    await onHost(testbed, 'nuc1', 'rm', '-rf', home)
  })

  it('notices that two hosts of a lab are one machine, and a name that no host has', async () => {
    const [nuc1, nuc2] = hostsOf(testbed) as [{ address: string }, object]
    const twice = await provisionerFor([nuc1, { ...nuc2, address: nuc1.address }], {
      agentEntry,
      agentVersion,
    })
    expect((await twice.apply('nuc1')).hosts[0]).toMatchObject({ state: 'done' })
    expect((await twice.plan('nuc2')).hosts[0]?.error).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('nuc2 and nuc1 are the same machine and user') as string,
    })
    await expect(twice.plan('nuc9')).rejects.toMatchObject({ code: 'not_found' })
    await expect(twice.apply('nuc9')).rejects.toMatchObject({ code: 'not_found' })
    await twice.remove('nuc1')
  })

  it('says that a host cannot be reached, beside those that can', async () => {
    const { apply, plan, remove } = await aConsole({}, { nuc4: { port: 9 } })
    expect((await plan('nuc4')).hosts[0]?.error).toMatchObject({ code: 'unreachable' })
    const { hosts } = await apply('nuc1', 'nuc4')
    expect(hosts.map(({ state }) => state)).toEqual(['done', 'failed'])
    await remove('nuc1')
  })

  it('refuses to make a system service where it cannot', async () => {
    const { plan } = await aConsole({}, { nuc1: { service: 'system' }, nuc4: { service: 'user' } })
    expect((await plan('nuc1', 'nuc4')).hosts.map(({ error }) => error?.message)).toEqual([
      'nuc1 cannot run the agent as a system service: systemd does not run there',
      'nuc4 cannot run the agent as a user service: systemd does not run there',
    ])
  })
})
