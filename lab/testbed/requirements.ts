import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { SkyError } from '#shared/contract/errors'

const sbinAndBin = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Programs that a testbed is made with, and the Debian package of each. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  hostname: 'hostname',
  perl: 'perl-base',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
}

export const sshdProgram = '/usr/sbin/sshd'

/** Where a program of the system lies, or null. */
export function systemProgram(name: string): string | null {
  return sbinAndBin.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? null
}

/** Why there can be no testbed here, or null. Tests skip with it. */
export function testbedMissing(): SkyError | null {
  if (process.platform !== 'linux') {
    return new SkyError(
      'not_supported',
      `A testbed is made of Linux network namespaces; this is ${process.platform}`,
      'Run it on a Linux machine, or start OpenSSH servers on loopback: skymemory testbed up --loopback',
    )
  }
  const { uid, username } = userInfo()
  if (uid !== 0) {
    return new SkyError(
      'not_supported',
      `Network namespaces and mounts need root; you are ${username}`,
      'Run it with sudo, or do without namespaces: skymemory testbed up --loopback starts OpenSSH servers on loopback ports.',
    )
  }
  const missing = missingPackages(Object.keys(programs))
  if (missing) return missing
  const probe = spawnSync('unshare', ['--mount', '--pid', '--uts', '--ipc', '--net', '--fork', 'true'])
  if (probe.status === 0) return null
  return new SkyError(
    'not_supported',
    `This machine allows no namespaces: ${probe.stderr.toString().trim()}`,
    'In a container, give it CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged), or use --loopback.',
  )
}

/** Why there can be no OpenSSH servers on loopback here, or null. */
export function loopbackMissing(): SkyError | null {
  if (process.platform === 'win32') {
    return new SkyError('not_supported', 'OpenSSH servers are started on Linux and macOS only')
  }
  return missingPackages(['sshd', 'ssh-keygen'])
}

/** Why no host can have systemd, or null. */
export function systemdMissing(): SkyError | null {
  const missing = ['/lib/systemd/systemd', '/usr/bin/dbus-daemon'].filter((path) => !existsSync(path))
  if (missing.length > 0) {
    return new SkyError(
      'not_supported',
      `Hosts with systemd need ${missing.join(' and ')}`,
      'Install them: apt-get install systemd dbus libpam-systemd',
    )
  }
  if (cgroup2Folder() !== null) return null
  return new SkyError('not_supported', 'Hosts with systemd need a cgroup2 file system, and none is mounted')
}

/** Where cgroup2 is mounted: alone, or beside the older hierarchies. */
export function cgroup2Folder(): string | null {
  const folders = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
  return folders.find((folder) => existsSync(`${folder}/cgroup.controllers`)) ?? null
}

function missingPackages(names: readonly string[]): SkyError | null {
  const missing = names.filter((name) => systemProgram(name) === null)
  if (missing.length === 0) return null
  const packages = [...new Set(missing.map((name) => programs[name]))].join(' ')
  return new SkyError(
    'not_supported',
    `These programs are missing: ${missing.join(', ')}`,
    `Install them: apt-get install ${packages}`,
  )
}
