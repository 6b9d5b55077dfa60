import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { systemdMissing } from './requirements'
import type { Testbed } from './testbed'

const missing = noTestbed() ?? systemdMissing()?.message ?? null
if (missing) console.warn(`Tests of hosts with systemd are skipped: ${missing}`)

const unit = `[Service]
ExecStart=/usr/bin/sleep 1000
Restart=on-failure
MemoryMax=100M
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
[Install]
WantedBy=default.target
`

describe.skipIf(missing)('a host with systemd', () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ host: { systemd: true } })
  })
  afterAll(() => testbed?.down())

  const ssh = (command: string): string => {
    const { keyFile, user } = testbed.state
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'].flatMap((each) => [
      '-o',
      each,
    ])
    const target = `${user}@${testbed.host('nuc1').address}`
    return execFileSync('ssh', [...options, '-i', keyFile, target, command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  }

  it('has systemd as its first process, and no failed unit', () => {
    expect(ssh('cat /proc/1/comm')).toBe('systemd')
    expect(ssh('systemctl is-system-running --wait')).toBe('running')
    expect(ssh('systemctl --failed --no-legend')).toBe('')
  })

  it('cannot change what belongs to the machine: clock and kernel settings', () => {
    expect(ssh('sudo date -s @0 2>&1 || true')).toMatch(/Operation not permitted/)
    expect(ssh('sudo sh -c "echo 1 > /proc/sys/kernel/panic" 2>&1 || true')).toMatch(/Read-only file system/)
    expect(
      ssh('sudo sh -c "echo 1 > /proc/sys/net/ipv4/ip_forward" && cat /proc/sys/net/ipv4/ip_forward'),
    ).toBe('1')
  })

  it('runs system units, and user units that stay without a login, across a reboot', async () => {
    testbed.fileOf('nuc1', '/')
    await testbed.exec('nuc1', ['tee', '/etc/systemd/system/probe.service'], { stdin: unit })
    ssh('sudo systemctl enable --now probe.service')
    expect(ssh('systemctl is-active probe.service')).toBe('active')
    ssh('mkdir -p ~/.config/systemd/user; cp /etc/systemd/system/probe.service ~/.config/systemd/user/')
    ssh('sudo -n loginctl enable-linger')
    ssh('systemctl --user enable --now probe.service')
    expect(ssh('systemctl --user is-active probe.service')).toBe('active')
    await testbed.reboot('nuc1')
    expect(
      ssh(
        'systemctl is-system-running --wait; systemctl is-active probe.service; systemctl --user is-active probe',
      ),
    ).toBe('running\nactive\nactive')
  })

  it('stops and starts its SSH server', async () => {
    await testbed.stopSshd('nuc1')
    expect((await testbed.status()).map(({ state }) => state)).toEqual(['no_ssh', 'running'])
    await testbed.startSshd('nuc1')
    expect(ssh('hostname')).toBe('nuc1')
  })
})
