import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inventory } from '#shared/inventory/inventory'
import { groupFile, hostsFile, passwdFile, shadowFile, sshdConfig, sudoersFile } from './host-files'
import { testbedInventory } from './inventory'
import { clashWith } from './network'
import { hostOptions, planTestbed } from './testbed-plan'

describe('the plan of a testbed', () => {
  it('has the paper’s hosts unless told otherwise', () => {
    const plan = planTestbed({})
    expect(plan.hosts.map(({ name, role, address }) => `${name} ${role} ${address}`)).toEqual([
      'nuc1 satellite 10.77.0.11',
      'nuc2 satellite 10.77.0.12',
      'nuc3 satellite 10.77.0.13',
      'nuc4 satellite 10.77.0.14',
      'nuc5 satellite 10.77.0.15',
      'jetson inference 10.77.0.16',
    ])
    expect(plan).toMatchObject({ gateway: '10.77.0.1', directory: '/var/lib/skymemory-testbed/skymemory' })
  })

  it('has an inventory of its own for every number of hosts, with names and addresses told apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (hosts) => {
        const plan = planTestbed({ hosts, prefix: 'p' })
        expect(new Set(plan.hosts.map(({ name }) => name)).size).toBe(hosts)
        expect(new Set(plan.hosts.map(({ address }) => address)).size).toBe(hosts)
        expect(plan.hosts.every(({ name }) => name.length <= 15)).toBe(true)
        const entries = plan.hosts.map((host) => ({ ...host, port: 22 }))
        const made = testbedInventory('testbed', 'lab', '/a b/key', entries)
        expect(inventory.parse(made).hosts).toHaveLength(hosts)
      }),
    )
  })

  it('gives each NUC of the paper’s testbed its plane', () => {
    const entries = planTestbed({}).hosts.map((host) => ({ ...host, port: 22 }))
    const planes = testbedInventory('testbed', 'lab', '/key', entries).hosts.map((host) =>
      host.role === 'satellite' ? host.planes : null,
    )
    expect(planes).toEqual([[0], [1], [2], [3], [4], null])
  })

  it('makes single hosts otherwise', () => {
    const plan = planTestbed({
      hosts: 2,
      host: { sudo: 'password' },
      only: { jetson: { sudo: 'none', systemd: true } },
    })
    expect(plan.hosts.map(({ options }) => [options.sudo, options.systemd])).toEqual([
      ['password', false],
      ['none', true],
    ])
  })

  it.each([
    [{ hosts: 0 }, /0 hosts cannot be made/],
    [{ hosts: 201 }, /201 hosts cannot be made/],
    [{ prefix: 'twelveletter' }, /cannot name a testbed/],
    [{ prefix: '../x' }, /cannot name a testbed/],
    [{ prefix: '' }, /cannot name a testbed/],
    [{ network: '10.77.0.0' }, /is no network for a testbed/],
    [{ network: '10.77.0.5/24' }, /is no network for a testbed/],
    [{ network: '300.77.0.0/24' }, /is no network for a testbed/],
    [{ network: '010.77.0.0/24' }, /is no network for a testbed/],
    [{ only: { nuc9: {} } }, /There is no host nuc9/],
  ])('refuses %j', (options, message) => {
    expect(() => planTestbed(options)).toThrow(message)
  })
})

describe('networks of the machine', () => {
  const on = (network: string): { network: string; device: string } => ({ network, device: 'eth0' })

  it.each([
    ['10.77.0.0/24', '10.77.0.0/24', true],
    ['10.77.0.0/24', '10.77.0.9', true],
    ['10.77.0.0/24', '10.0.0.0/8', true],
    ['10.77.0.0/24', '10.77.0.128/25', true],
    ['10.77.0.0/24', '0.0.0.0/0', true],
    ['10.77.0.0/24', '10.77.1.0/24', false],
    ['10.77.0.0/24', '192.168.0.0/16', false],
    ['10.77.0.0/24', '10.76.255.255', false],
    ['200.77.0.0/24', '200.77.0.1/32', true],
  ])('%s beside %s: clash %s', (network, used, clashes) => {
    expect(clashWith(network, [on('172.16.0.0/12'), on(used)]) !== null).toBe(clashes)
  })
})

describe('files of a host', () => {
  const machine = [
    'root:x:0:0:root:/root:/bin/zsh',
    'sshd:x:104:65534::/run/sshd:/usr/sbin/nologin',
    'alice:x:1000:1000:Alice:/home/alice:/bin/bash',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    'lab:x:120:120::/:/bin/false',
    '',
  ].join('\n')

  it('name the accounts of the system and one user, and nobody of the machine', () => {
    const passwd = passwdFile(machine)
    expect(passwd.split('\n').map((line) => line.split(':')[0])).toEqual([
      'root',
      'sshd',
      'nobody',
      'lab',
      '',
    ])
    expect(passwd).toContain('lab:x:1000:1000::/home/lab:/bin/bash\n')
    expect(shadowFile(passwd, '$6$a$b')).toBe(
      ['root:*', 'sshd:*', 'nobody:*', 'lab:$6$a$b'].map((line) => `${line}:19000:0:99999:7:::\n`).join(''),
    )
    expect(groupFile('sudo:x:27:alice,bob\nalice:x:1000:\n')).toBe('sudo:x:27:\nlab:x:1000:\n')
  })

  it('let each host find the others, and the console', () => {
    const { hosts, gateway } = planTestbed({ hosts: 2 })
    expect(hostsFile('nuc1', gateway, hosts)).toBe(
      '127.0.0.1 localhost\n127.0.1.1 nuc1.testbed nuc1-local\n10.77.0.1 console\n10.77.0.11 nuc1\n10.77.0.12 jetson\n',
    )
  })

  it('put given lines of sshd_config first, where they count', () => {
    const config = sshdConfig(hostOptions.parse({ sshd: ['PasswordAuthentication no'] }))
    expect(config.indexOf('PasswordAuthentication no')).toBe(0)
    expect(config).toContain('\nPasswordAuthentication yes\n')
  })

  it.each([
    ['passwordless', /^lab ALL=\(ALL:ALL\) NOPASSWD: ALL$/m, true],
    ['password', /^lab ALL=\(ALL:ALL\) ALL$/m, true],
    ['none', /^lab/m, false],
  ] as const)('sudo %s', (sudo, rule, has) => {
    expect(rule.test(sudoersFile(hostOptions.parse({ sudo })))).toBe(has)
  })
})
