import { describe, expect, it } from 'vitest'
import type { HostCheck } from '#shared/contract/provisioning-api'
import { inventoryHost } from '#shared/inventory/inventory'
import { parseProbe } from '../probe'
import { checkHost } from './host-checks'
import { clockVerdict, connectionVerdict } from './time-checks'

/** A NUC with Debian on which all is well. */
const well: Readonly<Record<string, readonly string[]>> = {
  os: ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"', 'ID=debian'],
  kernel: ['Linux 6.1.0-18-amd64'],
  machine: ['x86_64'],
  glibc: ['glibc 2.36'],
  cores: ['4'],
  cpu: ['Intel(R) Core(TM) i5-8259U CPU @ 2.30GHz'],
  memory: ['MemTotal:       16316412 kB', 'MemAvailable:   15000000 kB'],
  home: ['/home/lab'],
  home_access: ['writable', 'folder'],
  disk_home: [
    'Filesystem 1024-blocks Used Available Capacity Mounted on',
    '/dev/nvme0n1p2 244000000 10000000 220000000 5% /',
  ],
  disk_system: [
    'Filesystem 1024-blocks Used Available Capacity Mounted on',
    '/dev/my disk 244000000 10000000 100000 5% /opt',
  ],
  user: ['lab'],
  groups: ['lab sudo'],
  sudo: ['free'],
  systemd: ['systemd 252 (252.22-1~deb12u1)'],
  systemd_state: ['running'],
  user_manager: ['yes'],
  linger: ['yes'],
  perl: ['yes'],
  timedatectl: ['NTP=yes', 'NTPSynchronized=yes'],
  time_programs: ['systemd-timesyn'],
  thermal: ['acpitz|27800|', 'x86_pkg_temp|46000|100000'],
}

function check(
  id: string,
  changes: Readonly<Record<string, readonly string[]>> = {},
  host: object = {},
  planes = 1,
): HostCheck {
  const parts = Object.entries<readonly string[]>({ ...well, ...changes, end: [] })
  const output = parts
    .map(([name, lines]) => [`@${name}`, ...lines.map((line) => ` ${line}`)].join('\n'))
    .join('\n')
  const probe = parseProbe(`\n@skymemory-preflight\n${output}\n`)
  if (!probe) throw new Error('the output is not whole')
  const base = { role: 'satellite', name: 'nuc1', address: '10.0.0.1', user: 'lab' }
  const subject = { host: inventoryHost.parse({ ...base, ...host }), lab: 'testbed', probe, planes }
  const found = checkHost(subject).find((each) => each.id === id)
  if (!found) throw new Error(`no check ${id}`)
  // Whoever is told that something is wrong is told what to do.
  expect(found.advice === '').toBe(['ok', 'skipped'].includes(found.status))
  return found
}

const disk = (kilobytes: number): string[] => [`tmpfs 16384 100 ${kilobytes} 99% /`]

describe('checks of a host', () => {
  it('find all well where it is', () => {
    for (const id of [
      'system',
      'architecture',
      'glibc',
      'tools',
      'cpu',
      'memory',
      'home',
      'sudo',
      'service',
      'port',
      'time_service',
      'thermal',
    ]) {
      expect(check(id), id).toMatchObject({ status: 'ok' })
    }
    expect(check('jetson_model')).toMatchObject({ status: 'skipped', found: 'not a Jetson' })
  })

  it.each<[string, Readonly<Record<string, readonly string[]>>, HostCheck['status'], RegExp]>([
    ['system', { kernel: ['FreeBSD 14.0'] }, 'failed', /FreeBSD/],
    ['system', { kernel: ['Linux 4.9.253-tegra'] }, 'failed', /4\.9/],
    ['system', { kernel: [] }, 'failed', /Debian/],
    ['architecture', { machine: ['aarch64'] }, 'ok', /aarch64/],
    ['architecture', { machine: ['armv7l'] }, 'failed', /armv7l/],
    ['architecture', { machine: ['i686'] }, 'failed', /i686/],
    ['glibc', { glibc: ['glibc 2.27'] }, 'failed', /2\.27/],
    ['glibc', { glibc: ['glibc 2.28'] }, 'ok', /2\.28/],
    ['glibc', { glibc: [] }, 'failed', /not glibc/],
    ['tools', { tools: ['flock', 'tar'] }, 'failed', /missing: flock, tar/],
    ['cpu', { cores: ['1'] }, 'warning', /1 core$/],
    ['cpu', { cores: ['x'] }, 'warning', /i5/],
    [
      'cpu',
      { cpu: [], lscpu: ['Architecture: aarch64', 'Model name:          Cortex-A78AE'] },
      'ok',
      /Cortex-A78AE, 4 cores/,
    ],
    [
      'memory',
      { memory: ['MemTotal: 2000000 kB', 'MemAvailable: 1000000 kB'] },
      'warning',
      /1\.0 GB available of 2\.0 GB/,
    ],
    ['memory', { memory: ['MemTotal: 2000000 kB', 'MemAvailable: 100000 kB'] }, 'failed', /102 MB/],
    ['memory', { memory: ['nonsense'] }, 'warning', /^$/],
    ['home', { home_access: ['folder'] }, 'failed', /cannot be written/],
    ['home', { home_access: [] }, 'failed', /missing/],
    ['sudo', { sudo: ['password'] }, 'ok', /with password/],
    ['sudo', { sudo: ['password'], groups: ['lab'] }, 'warning', /no group/],
    ['sudo', { sudo: ['none'] }, 'warning', /no sudo/],
    ['service', { sudo: ['none'] }, 'ok', /will be a unit of the user/],
    ['service', { sudo: ['none'], linger: [] }, 'warning', /will be a supervised process/],
    ['service', { systemd: [] }, 'warning', /no systemd/],
    [
      'port',
      { listening: ['root|812|/usr/bin/redis-server 0.0.0.0:7420'] },
      'failed',
      /redis-server.*process 812/,
    ],
    ['port', { listening: ['root||'] }, 'failed', /a program of root/],
    ['time_service', { timedatectl: [], time_programs: [] }, 'warning', /none/],
    ['time_service', { timedatectl: ['NTP=yes', 'NTPSynchronized=no'] }, 'warning', /not synchronised/],
    [
      'time_service',
      { timedatectl: [], time_programs: ['chronyd'], chrony: ['Leap status     : Normal'] },
      'ok',
      /chrony, synchronised/,
    ],
    [
      'time_service',
      { timedatectl: [], time_programs: ['chronyd'], chrony: ['Leap status     : Not synchronised'] },
      'warning',
      /not/,
    ],
    ['thermal', { thermal: ['cpu|97000|100000'] }, 'warning', /97\.0 °C \(cpu\)/],
    ['thermal', { thermal: ['dead|-256000|', 'PMIC-Die|100000|', 'text|x|y'] }, 'skipped', /no sensor/],
  ])('%s with %j: %s', (id, changes, status, found) => {
    const result = check(id, changes)
    expect(result.status).toBe(status)
    expect(result.found).toMatch(found)
  })

  it('look for room where the agent will lie', () => {
    expect(check('disk')).toMatchObject({ status: 'failed', found: '102 MB free in /opt' })
    expect(check('disk', {}, { service: 'detached' })).toMatchObject({
      status: 'ok',
      found: '225 GB free in /home/lab',
    })
    expect(check('disk', { disk_home: disk(0) }, { service: 'user' })).toMatchObject({ status: 'failed' })
    expect(check('disk', { disk_home: [] }, { service: 'user' })).toMatchObject({ status: 'warning' })
  })

  it('want what the inventory says', () => {
    expect(check('sudo', { sudo: ['none'] }, { service: 'system' }).status).toBe('failed')
    expect(check('service', { systemd: [] }, { service: 'system' }).status).toBe('failed')
    expect(check('service', { linger: [], sudo: ['none'] }, { service: 'user' }).status).toBe('failed')
    expect(check('service', { systemd: [] }, { service: 'detached' }).status).toBe('ok')
    expect(check('glibc', { glibc: [] }, { host_node: true }).status).toBe('ok')
    expect(check('node', { node: ['v18.19.0', '/usr/bin/node'] }, { host_node: true }).status).toBe('warning')
    expect(check('node', { node: ['v22.1.0', '/usr/bin/node'] }, { host_node: true }).status).toBe('ok')
    expect(check('port', {}, { role: 'inference' }).status).toBe('skipped')
  })

  it('look at the C library for models where the inventory wants them to be run', () => {
    const models = { role: 'inference', models: true }
    expect(check('models').status).toBe('skipped')
    expect(check('models', {}, { role: 'inference' }).status).toBe('skipped')
    expect(check('models', {}, models)).toMatchObject({
      status: 'ok',
      needed: 'glibc 2.34 or newer, for llama.cpp',
    })
    const old = check('models', { glibc: ['glibc 2.31'] }, models)
    expect(old).toMatchObject({ status: 'failed', found: 'glibc 2.31' })
    expect(old.advice).toMatch(/JetPack 6.*models: false/)
    expect(check('models', { glibc: [] }, models)).toMatchObject({ status: 'failed', found: 'not glibc' })
    expect(check('disk', {}, models, 0).needed).toBe(
      '1.1 GB free for agent, runtimes, logs and records of trials and llama.cpp, beside the models',
    )
  })

  it('know the agent of this lab, and no other, at the data port', () => {
    const command =
      '/opt/skymemory/testbed/current/node /opt/skymemory/testbed/current/skymemory-agent.mjs --config x'
    expect(check('port', { listening: [`sky|900|${command}`] }).status).toBe('ok')
    // Its process cannot be seen by this user.
    expect(check('port', { listening: ['sky||'], agents: [`900 ${command}`] }).status).toBe('ok')
    expect(
      check('port', { listening: ['sky||'], agents: [`900 ${command.replaceAll('testbed', 'other')}`] })
        .status,
    ).toBe('failed')
  })

  it('grow with the planes that a host carries', () => {
    const small = { memory: ['MemTotal: 8000000 kB', 'MemAvailable: 4000000 kB'] }
    expect(check('memory', small, {}, 1).status).toBe('ok')
    expect(check('memory', small, {}, 5).status).toBe('warning')
  })
})

describe('checks of a Jetson', () => {
  const jetson = {
    machine: ['aarch64'],
    model: ['NVIDIA Jetson Orin Nano Developer Kit'],
    tegra: [
      '# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025',
    ],
    power_mode: ['NV Power Mode: 15W', '0'],
    power_modes: ['0 15W', '1 7W'],
    tegrastats: [
      '01-08-2025 10:00:00 RAM 2449/7620MB (lfb 4x4MB) CPU [2%@1510] GR3D_FREQ 0%@[305] tj@49.2C VDD_IN 4552mW/4552mW',
    ],
    gpu: ['load 3', 'frequency 17000000.gpu 305812500 624750000'],
    gpu_name: ['GPU 0: Orin (nvgpu) (UUID: 5f3b)'],
    thermal: ['cpu-thermal|48500|104500', 'tj-thermal|49218|104500'],
  }

  it.each([
    ['jetson_model', 'ok', 'NVIDIA Jetson Orin Nano Developer Kit'],
    ['jetpack', 'ok', 'JetPack 6.2, L4T 36.4.3'],
    ['power_mode', 'ok', '15W (mode 0); there are 15W, 7W'],
    ['gpu', 'ok', 'Orin, load 0 %, 306 of 625 MHz'],
    ['thermal', 'ok', '49.2 °C (tj-thermal), 4.6 W'],
  ])('%s: %s %s', (id, status, found) => {
    expect(check(id, jetson, { role: 'inference' })).toMatchObject({ status, found })
  })

  it('say what is too old, busy or hidden', () => {
    const old = ['# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64, DATE: x']
    expect(check('jetpack', { ...jetson, tegra: old }).status).toBe('failed')
    expect(check('jetpack', { ...jetson, tegra: ['?'] }).status).toBe('warning')
    expect(check('power_mode', { ...jetson, power_mode: [] }).status).toBe('warning')
    expect(check('gpu', { ...jetson, tegrastats: [], gpu: ['load 998'] })).toMatchObject({
      status: 'warning',
    })
    expect(check('gpu', { ...jetson, tegrastats: [], gpu: [], gpu_name: [] }).status).toBe('warning')
  })
})

describe('clock and round trip', () => {
  const clock = (
    offsetMs: number,
    uncertaintyMs = 1,
    roundTripMs = 2,
  ): Parameters<typeof clockVerdict>[0] => ({
    offsetMs,
    uncertaintyMs,
    roundTripMs,
    medianRoundTripMs: roundTripMs * 2,
    exchanges: 24,
  })

  it.each([
    [0.2, 0.06, 'ok', '+0.20 ms ± 0.06 ms'],
    [-100.5, 1, 'ok', '−101 ms ± 1.0 ms'],
    [-5_200, 1, 'warning', '−5.2 s ± 1.0 ms'],
    // Not more than is known: it may well be within the limit.
    [150, 60, 'ok', '+150 ms ± 60 ms'],
    [86_400_000, 1, 'failed', '+86400.0 s ± 1.0 ms'],
  ])('%d ± %d ms: %s', (offset, uncertainty, status, found) => {
    expect(clockVerdict(clock(offset, uncertainty))).toMatchObject({ status, found })
  })

  it('say when they were not measured', () => {
    expect(clockVerdict(null)).toMatchObject({ status: 'warning', found: '' })
    expect(connectionVerdict(null, 'OpenSSH_9.2').status).toBe('ok')
    expect(connectionVerdict(clock(0, 1, 150), 'OpenSSH_9.2').status).toBe('warning')
  })
})
