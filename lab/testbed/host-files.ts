import type { HostOptions, PlannedHost } from './testbed-plan'
import { testbedUser } from './testbed-plan'

/** Texts of the files in a host's /etc. All pure. */

/** Numbers of people's accounts begin here; those below belong to the system (Debian policy 9.2.2). */
const firstUserId = 1_000
const nobodyId = 65_534
/** Of the user `lab` and its group. */
export const testbedUserId = 1_000

const idOf = (line: string): number => Number(line.split(':')[2])
const isSystem = (line: string): boolean => idOf(line) < firstUserId || idOf(line) === nobodyId
const isNotOurs = (line: string): boolean => line.split(':')[0] !== testbedUser

/** Accounts of the system as the machine has them, without its people, and one user. */
export function passwdFile(machine: string): string {
  const system = lines(machine).filter((line) => isSystem(line) && isNotOurs(line))
  const user = `${testbedUser}:x:${testbedUserId}:${testbedUserId}::/home/${testbedUser}:/bin/bash`
  return text([...system, user])
}

/** Groups of the system without their members, and the user's own. */
export function groupFile(machine: string): string {
  const system = lines(machine).filter((line) => isSystem(line) && isNotOurs(line))
  return text([
    ...system.map((line) => `${line.split(':').slice(0, 3).join(':')}:`),
    `${testbedUser}:x:${testbedUserId}:`,
  ])
}

/** Nobody has a password but the user. `hash` as crypt(3) makes it. */
export function shadowFile(passwd: string, hash: string): string {
  return text(
    lines(passwd).map((line) => {
      const name = line.split(':')[0] as string
      // 19000 days after 1970: long ago, and nothing expires.
      return `${name}:${name === testbedUser ? hash : '*'}:19000:0:99999:7:::`
    }),
  )
}

/** Every host by its name, and this machine as `console`. */
export function hostsFile(own: string, gateway: string, hosts: readonly PlannedHost[]): string {
  return text([
    '127.0.0.1 localhost',
    `127.0.1.1 ${own}.testbed ${own}-local`,
    `${gateway} console`,
    ...hosts.map(({ name, address }) => `${address} ${name}`),
  ])
}

/** As Debian's, but that what the testbed was told comes first: the first value of a keyword counts. */
export function sshdConfig(options: HostOptions): string {
  return text([
    ...options.sshd,
    'Port 22',
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'HostKey /etc/ssh/ssh_host_ecdsa_key',
    'UsePAM yes',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication yes',
    'PermitRootLogin prohibit-password',
    'X11Forwarding no',
    'PrintMotd no',
    'PrintLastLog no',
    'UseDNS no',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
  ])
}

export function sudoersFile({ sudo }: HostOptions): string {
  const rules: Record<HostOptions['sudo'], string[]> = {
    passwordless: [`${testbedUser} ALL=(ALL:ALL) NOPASSWD: ALL`],
    password: [`${testbedUser} ALL=(ALL:ALL) ALL`],
    none: [],
    missing: [],
  }
  return text([
    'Defaults env_reset',
    'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    'root ALL=(ALL:ALL) ALL',
    ...rules[sudo],
  ])
}

const lines = (content: string): string[] => content.split('\n').filter((line) => line.includes(':'))
const text = (content: readonly string[]): string => content.map((line) => `${line}\n`).join('')
