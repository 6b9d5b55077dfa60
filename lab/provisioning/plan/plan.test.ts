import { beforeAll, describe, expect, it } from 'vitest'
import type { InventoryHost } from '#shared/inventory/inventory'
import { issueAuthority } from '../certificates/issue'
import type { HostFacts } from '../facts/host-facts'
import { pinnedRuntimes } from '../runtimes/pinned-runtimes'
import { bareHost } from '../testing/host-facts'
import { agent, changesOf, detailOf, nuc1, plansWith, refusal, start } from '../testing/planning'
import { hostPlanOf } from './deployment'

const [x64] = pinnedRuntimes

let plan: ReturnType<typeof plansWith>
beforeAll(async () => {
  plan = plansWith(await issueAuthority('rack', start))
})

describe('the plan for a bare host', () => {
  it('holds everything, in the order in which it is done, with the bytes that are sent', () => {
    const deployment = plan()
    expect(changesOf(deployment)).toEqual([
      'account create',
      'folders create',
      'runtime create',
      'agent create',
      'version create',
      'certificate create',
      'unit create',
      'service create',
    ])
    const sent = deployment.steps.filter(({ bytes }) => bytes > 0).map(({ id, bytes }) => [id, bytes])
    expect(sent).toEqual([
      ['runtime', x64?.bytes],
      ['agent', agent.bytes],
    ])
    expect(hostPlanOf(deployment)).toMatchObject({
      host: 'nuc1',
      service: 'system',
      directory: '/opt/skymemory/rack',
      installedVersion: null,
      previousVersion: null,
      error: null,
    })
    expect(detailOf(deployment, 'unit')).toBe('/etc/systemd/system/skymemory-rack.service')
    expect(deployment.version).toMatch(/^1\.2\.0-[0-9a-f]{12}$/)
    expect(deployment.content.node).toBe(`../../runtimes/node-${x64?.version}-linux-x64/bin/node`)
    expect(JSON.parse(deployment.content.config)).toEqual({
      role: 'satellite',
      hostId: 'nuc1',
      control: '/opt/skymemory/rack/run/control.sock',
      tls: {
        authority: '/opt/skymemory/rack/tls/ca.pem',
        certificate: '/opt/skymemory/rack/tls/certificate.pem',
        key: '/opt/skymemory/rack/tls/key.pem',
      },
      bind: '0.0.0.0',
      port: 7420,
    })
  })

  it.each([
    ['no sudo, a systemd of the user', { root: 'none' }, 'detached'],
    ['no sudo, and lingering', { root: 'none', isLingering: true }, 'user'],
    ['no sudo, and polkit', { root: 'none', hasPolkit: true }, 'user'],
    ['sudo with a password, of an administrator', { root: 'password' }, 'system'],
    ['sudo with a password, of somebody else', { root: 'password', groups: ['lab'] }, 'detached'],
    ['sudo, no systemd', { hasSystemd: false, hasUserManager: false }, 'detached'],
    ['root itself', { root: 'root', user: 'root', uid: 0, home: '/root' }, 'system'],
  ] as const)('with %s has the service that can be had', (_, facts, service) => {
    const deployment = plan({ ...bareHost, ...facts })
    const { home } = { ...bareHost, ...facts }
    expect(deployment.service).toBe(service)
    const inHome = `${home}/.local/share/skymemory/rack`
    expect(deployment.layout.directory).toBe(service === 'system' ? '/opt/skymemory/rack' : inHome)
    const ids = deployment.steps.map(({ id }) => id)
    expect(ids.includes('account')).toBe(service === 'system')
    expect(ids.includes('unit')).toBe(service !== 'detached')
    expect(ids.includes('lingering')).toBe(service === 'user')
  })

  it('switches lingering on only where it is off', () => {
    const changes = (facts: Partial<HostFacts>): string[] =>
      changesOf(plan({ ...bareHost, ...facts }, { host: nuc1({ service: 'user' }) }))
    expect(changes({})).toContain('lingering create')
    expect(changes({ isLingering: true })).not.toContain('lingering create')
  })

  it('expects root of those who may have it: where sudo asks for no password, groups make no difference', () => {
    expect(plan({ ...bareHost, groups: ['lab'] }).service).toBe('system')
  })

  it('has room to spare beside what is put in place', () => {
    const needed = (x64?.bytes ?? 0) + (x64?.programBytes ?? 0) + 2 * agent.bytes
    const withRoom = (freeBytes: number) => ({ ...bareHost, system: { ...bareHost.system, freeBytes } })
    expect(plan(withRoom(needed + 16 * 1024 * 1024)).steps).not.toEqual([])
    expect(refusal(() => plan(withRoom(needed + 16 * 1024 * 1024 - 1)))).toMatch(/^host_disk_full: /)
  })

  it('gets a certificate of an authority that is yet to be made', () => {
    const deployment = plansWith(null)()
    expect(deployment.renewal).toBe('the lab has no authority yet')
    expect(changesOf(deployment)).toContain('certificate create')
  })

  it('listens on IPv6 where that is how it is reached', () => {
    const config = (host: InventoryHost) => JSON.parse(plan(bareHost, { host }).content.config) as unknown
    expect(config(nuc1({ address: 'fd00::1' }))).toMatchObject({ bind: '::' })
    expect(config(nuc1({ data_address: 'fd00::1' }))).toMatchObject({ bind: '::' })
    expect(config(nuc1({ address: 'fd00::1', data_address: '10.0.0.1' }))).toMatchObject({ bind: '0.0.0.0' })
  })

  it('takes the runtime of its architecture', () => {
    const arm = plan({ ...bareHost, machine: 'aarch64' })
    expect(arm.runtime).toMatchObject({ kind: 'brought', pin: { architecture: 'arm64' } })
    expect(arm.version).not.toBe(plan().version)
  })

  it.each([
    ['another system', { kernel: 'FreeBSD' }, 'not_supported', /runs FreeBSD/],
    ['a missing tool', { missingTools: ['flock', 'tar'] }, 'not_supported', /lacks flock, tar/],
    ['another machine', { machine: 'riscv64' }, 'not_supported', /its machine is riscv64/],
    ['an old C library', { glibc: '2.27' }, 'not_supported', /it has glibc 2\.27/],
    ['another C library', { glibc: null }, 'not_supported', /another C library/],
    [
      'no room',
      { system: { ...bareHost.system, freeBytes: 150e6 } },
      'host_disk_full',
      /has 150 MB left .* and 197 MB/,
    ],
    [
      'a read-only home',
      { root: 'none', own: { ...bareHost.own, isWritable: false } },
      'host_not_writable',
      /cannot be written by lab/,
    ],
    ['a home with a backslash', { root: 'none', home: '/home/a\\b' }, 'invalid_argument', /backslash/],
    [
      'a home whose path is too long for a socket',
      { root: 'none', home: `/home/${'x'.repeat(80)}` },
      'invalid_argument',
      /control socket/,
    ],
  ] as const)('is none with %s, and says why', (_, facts, code, message) => {
    const said = refusal(() => plan({ ...bareHost, ...(facts as Partial<HostFacts>) }))
    expect(said).toMatch(message)
    expect(said.startsWith(`${code}: `)).toBe(true)
  })

  it.each([
    ['system', { root: 'none' }, /not root and there is no sudo/],
    ['system', { hasSystemd: false }, /systemd does not run there/],
    ['user', { hasUserManager: false }, /no systemd of lab answers/],
    ['user', { root: 'none' }, /end with the last login/],
  ] as const)('is none where a %s service is asked for and cannot be had', (service, facts, message) => {
    const said = refusal(() => plan({ ...bareHost, ...facts }, { host: nuc1({ service }) }))
    expect(said).toMatch(/^not_supported: /)
    expect(said).toMatch(message)
  })
})

describe('a Node of the host', () => {
  const host = nuc1({ host_node: true })
  const node = (version: string, path = '/usr/bin/node'): HostFacts => ({
    ...bareHost,
    node: { version, path },
  })

  it('is used when it fits and the inventory allows it: nothing is sent but the agent', () => {
    const deployment = plan(node('v20.18.1'), { host })
    expect(deployment.runtime).toEqual({ kind: 'host', version: 'v20.18.1', path: '/usr/bin/node' })
    expect(deployment.content).toMatchObject({ node: '/usr/bin/node', nodeVersion: '20.18.1' })
    expect(deployment.steps.filter(({ bytes }) => bytes > 0).map(({ id }) => id)).toEqual(['agent'])
    expect(plan(node('v20.18.1')).runtime.kind).toBe('brought')
  })

  it('makes another version when it is updated', () => {
    expect(plan(node('v22.1.0'), { host }).version).not.toBe(plan(node('v22.2.0'), { host }).version)
  })

  it.each([
    ['there is none', bareHost, /has no Node of its own/],
    ['it is too old', node('v20.17.0'), /v20\.17\.0 is older than 20\.18/],
    ['it is in a home that the service may not see', node('v22.1.0', '/home/lab/bin/node'), /is in a home/],
  ])('is not used when %s: one is brought, and the plan says why', (_, facts, why) => {
    const deployment = plan(facts, { host })
    expect(deployment.runtime.kind).toBe('brought')
    expect(detailOf(deployment, 'runtime')).toMatch(why)
  })

  it('in a home does for a service of its user', () => {
    const facts = { ...node('v22.1.0', '/home/lab/bin/node'), root: 'none' } as const
    expect(plan(facts, { host }).runtime.kind).toBe('host')
  })
})
