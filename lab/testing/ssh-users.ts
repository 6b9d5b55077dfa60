import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

/** A user who exists for one server only. */
export interface SshUser {
  /** Anything but `:` and line ends. */
  readonly name: string
  readonly password: string
  readonly shell?: string
}

/** Why no users can be made here, or null: tests skip with it. */
export function usersMissing(): string | null {
  if (process.platform !== 'linux') return 'users are made on Linux only'
  if (userInfo().uid !== 0) return 'users are made by root only'
  const tried = spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc/passwd', '/etc/passwd'])
  return tried.status === 0 ? null : 'this user may not mount: no name space for users'
}

/** User ids of test users; nobody on the machine has them. */
const firstUserId = 61_000

/** PAM's service `sshd`: it asks for the password. */
const pamService = `auth required pam_unix.so
account required pam_permit.so
session required pam_permit.so
`

/**
 * The command that starts a program in a mount name space of its own, where /etc/passwd and /etc/shadow hold these users
 * beside those of the machine.
 */
export function intoNamespace(
  folder: string,
  users: readonly SshUser[],
  command: readonly string[],
): string[] {
  const etc = join(folder, 'etc')
  mkdirSync(join(etc, 'pam.d'), { recursive: true })
  let passwd = readFileSync('/etc/passwd', 'utf8')
  let shadow = readFileSync('/etc/shadow', 'utf8')
  for (const [index, { name, password, shell = '/bin/sh' }] of users.entries()) {
    const id = firstUserId + index
    const home = join(folder, `home-${index}`)
    mkdirSync(home)
    execFileSync('chown', [`${id}:${id}`, home])
    const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], {
      input: password,
      encoding: 'utf8',
    }).trim()
    passwd += `${name}:x:${id}:${id}::${home}:${shell}\n`
    shadow += `${name}:${hash}:19000:0:99999:7:::\n`
  }
  // Users reach their homes through the folder of the test.
  execFileSync('chmod', ['755', folder])
  writeFileSync(join(etc, 'passwd'), passwd)
  writeFileSync(join(etc, 'shadow'), shadow, { mode: 0o600 })
  writeFileSync(join(etc, 'pam.d', 'sshd'), pamService)
  const mounts = ['passwd', 'shadow', 'pam.d'].map((name) => `mount --bind "$1/${name}" "/etc/${name}"`)
  const script = `set -e\n${mounts.join('\n')}\nshift\nexec "$@"`
  return ['unshare', '--mount', '/bin/sh', '-c', script, 'sh', etc, ...command]
}
