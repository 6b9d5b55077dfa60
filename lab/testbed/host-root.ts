import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  groupFile,
  hostsFile,
  passwdFile,
  shadowFile,
  sshdConfig,
  sudoersFile,
  testbedUserId,
} from './host-files'
import { mustRun } from './run-program'
import { testbedUser, type PlannedHost, type TestbedPlan } from './testbed-plan'

/**
 * What a host takes from the machine's /etc: how its programs run. Everything else stays behind, so that no key, password or
 * setting of the machine gets there.
 */
const takenFromEtc = [
  'alternatives',
  'bash.bashrc',
  'ca-certificates.conf',
  'dbus-1',
  'debian_version',
  'default/useradd',
  'host.conf',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'login.defs',
  'lsb-release',
  'nsswitch.conf',
  'os-release',
  'pam.conf',
  'pam.d',
  'profile',
  'protocols',
  'security',
  'selinux',
  'services',
  'shells',
  'skel',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
]

/** Folders of a host, with their modes. */
const folders: readonly (readonly [string, number])[] = [
  ['boot', 0o755],
  ['dev', 0o755],
  ['etc', 0o755],
  ['etc/default', 0o755],
  ['etc/ssh', 0o755],
  ['etc/ssl', 0o755],
  ['etc/sudoers.d', 0o750],
  ['etc/systemd/system/multi-user.target.wants', 0o755],
  ['etc/systemd/user', 0o755],
  ['home', 0o755],
  ['media', 0o755],
  ['mnt', 0o755],
  ['opt', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['srv', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['usr', 0o755],
  ['var/cache', 0o755],
  ['var/lib', 0o755],
  ['var/log', 0o755],
  ['var/spool', 0o755],
  ['var/tmp', 0o1777],
]

const linksOfUsr = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']

export interface HostCredentials {
  /** A line for authorized_keys. */
  readonly publicKey: string
  /** The password as crypt(3) makes it. */
  readonly passwordHash: string
}

/** Folder of a host below that of the testbed; `root/` in it is the host's own file system. */
export const hostFolder = (directory: string, host: string): string => join(directory, 'hosts', host)

/** Make the file system of a host. */
export async function makeHostRoot(
  plan: TestbedPlan,
  host: PlannedHost,
  credentials: HostCredentials,
): Promise<void> {
  const folder = hostFolder(plan.directory, host.name)
  const root = join(folder, 'root')
  await mkdir(root, { recursive: true })
  if (host.options.diskMegabytes !== null) {
    await mustRun('mount', [
      '-t',
      'tmpfs',
      '-o',
      `mode=755,size=${host.options.diskMegabytes}m`,
      'tmpfs',
      root,
    ])
  }
  await chmod(root, 0o755)
  for (const [name, mode] of folders) await makeFolder(join(root, name), mode)
  for (const name of ['bin', 'etc', 'lib', 'sbin', 'share'])
    await makeFolder(join(folder, 'local', name), 0o755)
  for (const name of linksOfUsr) await likeOnMachine(root, name)
  await symlink('/run', join(root, 'var/run'))
  await symlink('/run/lock', join(root, 'var/lock'))
  await symlink('/proc/self/mounts', join(root, 'etc/mtab'))
  await copyEtc(join(root, 'etc'))
  await writeEtc(plan, host, credentials, root)
  await makeHome(root, credentials)
}

async function writeEtc(
  plan: TestbedPlan,
  host: PlannedHost,
  { passwordHash }: HostCredentials,
  root: string,
): Promise<void> {
  const write = async (name: string, content: string, mode: number): Promise<void> => {
    const path = join(root, 'etc', name)
    await writeFile(path, content)
    await chmod(path, mode)
  }
  const passwd = passwdFile(await readFile('/etc/passwd', 'utf8'))
  await write('passwd', passwd, 0o644)
  await write('group', groupFile(await readFile('/etc/group', 'utf8')), 0o644)
  await write('shadow', shadowFile(passwd, passwordHash), 0o640)
  await write('hostname', `${host.name}\n`, 0o644)
  await write('hosts', hostsFile(host.name, plan.gateway, plan.hosts), 0o644)
  await write('machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444)
  await write('resolv.conf', '', 0o644)
  await write('fstab', '', 0o644)
  await write('ssh/sshd_config', sshdConfig(host.options), 0o644)
  if (host.options.sudo !== 'missing') await write('sudoers', sudoersFile(host.options), 0o440)
  for (const type of ['ed25519', 'ecdsa']) {
    const file = join(root, 'etc/ssh', `ssh_host_${type}_key`)
    await mustRun('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', host.name, '-f', file])
  }
  if (host.options.systemd) {
    const unit = [
      '/usr/lib/systemd/system/ssh.service',
      '/lib/systemd/system/ssh.service',
      '/usr/lib/systemd/system/sshd.service',
    ]
    const found = unit.find((path) => existsSync(path)) ?? 'ssh.service'
    await symlink(found, join(root, 'etc/systemd/system/multi-user.target.wants/ssh.service'))
    // Nobody sits at a console, and what the hosts of a testbed are must not change by itself.
    for (const name of maskedUnits) await symlink('/dev/null', join(root, 'etc/systemd/system', name))
  }
}

const maskedUnits = [
  'console-getty.service',
  'getty.target',
  'ssh.socket',
  'systemd-firstboot.service',
  'systemd-networkd.service',
  'systemd-networkd.socket',
  'systemd-resolved.service',
  'systemd-udevd.service',
  'systemd-udev-trigger.service',
]

async function makeHome(root: string, { publicKey }: HostCredentials): Promise<void> {
  const home = join(root, 'home', testbedUser)
  const ssh = join(home, '.ssh')
  const keys = join(ssh, 'authorized_keys')
  await makeFolder(home, 0o755)
  await makeFolder(ssh, 0o700)
  await writeFile(keys, publicKey, { mode: 0o600 })
  for (const path of [home, ssh, keys]) await chown(path, testbedUserId, testbedUserId)
}

async function copyEtc(etc: string): Promise<void> {
  const present = takenFromEtc.filter((name) => existsSync(join('/etc', name)))
  const whole = present.filter((name) => !name.includes('/')).map((name) => join('/etc', name))
  await mustRun('cp', ['-a', ...whole, etc])
  for (const name of present.filter((each) => each.includes('/'))) {
    await mustRun('cp', ['-a', join('/etc', name), join(etc, name)])
  }
}

/** A link where the machine has merged it into /usr, else a folder to mount it at. */
async function likeOnMachine(root: string, name: string): Promise<void> {
  const own = join(root, name)
  const machine = `/${name}`
  const target = await readlink(machine).catch(() => null)
  if (target !== null) return symlink(target.replace(/^\//, ''), own)
  if (existsSync(machine) && (await stat(machine)).isDirectory()) await makeFolder(own, 0o755)
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, mode)
}
