import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import type { Hello } from '#shared/contract/agent-control'
import type { Testbed } from '../../testbed/testbed'
import type { SshConnector } from '../../ssh/ssh-session'
import { askAgent } from '../apply/ask-agent'
import { hostLayout, type HostLayout } from '../host-layout'
import type { ServiceKind } from '#shared/inventory/inventory'

/** Hosts of a testbed as an inventory has them. */
export function hostsOf(testbed: Testbed, changes: Readonly<Record<string, object>> = {}): object[] {
  const { user, keyFile } = testbed.state
  return testbed.hosts.map(({ name, role, address }) => ({
    name,
    role,
    address,
    user,
    authentication: { kind: 'key', file: keyFile },
    ...changes[name],
  }))
}

/** Where the user of a testbed has its installations. */
export function layoutOf(service: ServiceKind, lab = 'rack', home = '/home/lab'): HostLayout {
  return hostLayout(service, lab, home)
}

/** Run a program on a host as root, without SSH. @returns what it prints */
export async function onHost(testbed: Testbed, host: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await testbed.exec(host, argv)
  if (code !== 0) throw new Error(`${argv.join(' ')} on ${host}: exit code ${code}: ${stderr}`)
  return stdout
}

/** Fingerprint of the certificate that an agent shows whoever connects to its data port. */
export function shownCertificate(testbed: Testbed, host: string, port = 7420): Promise<string> {
  return new Promise((resolve, reject) => {
    const { address } = testbed.host(host)
    const socket = connect({ host: address, port, minVersion: 'TLSv1.3', rejectUnauthorized: false })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      // Who has no certificate is refused after that.
      socket.on('error', () => undefined)
      socket.destroy()
    })
  })
}

/** Fingerprint of the certificate that lies on a host. */
export function installedCertificate(testbed: Testbed, host: string, { directory }: HostLayout): string {
  const { certificate } = JSON.parse(
    readFileSync(testbed.fileOf(host, `${directory}/install.json`), 'utf8'),
  ) as {
    certificate: string
  }
  const file = testbed.fileOf(host, `${directory}/certificates/${certificate}/certificate.pem`)
  return new X509Certificate(readFileSync(file)).fingerprint256
}

/** What changes by itself on any host, is a log, or cannot be written. */
const restless = [
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/tmp',
  '/usr',
  '/var/log',
  '/var/cache',
  '/var/lib/systemd',
  '/var/lib/dbus',
]
/** useradd keeps the files that it changes as they were before, and a lock: they are the system's own. */
const copiesOfUseradd = /^f \S+ \S+ \S+ \/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-|\.pwd\.lock)$/

/** Everything that an installation could leave: files, processes, accounts, units, users who linger. */
export async function traceOf(testbed: Testbed, host: string): Promise<string[]> {
  const prune = restless.flatMap((path) => ['-path', path, '-prune', '-o'])
  const files = await onHost(testbed, host, 'find', '/', '-xdev', ...prune, '-printf', '%y %m %u %g %p\\n')
  const processes = await onHost(testbed, host, 'ps', '-eo', 'user:32,args')
  const own = /\b(sshd|ps -eo|systemd|dbus-daemon|polkitd)|\(sd-pam\)/
  const accounts = await onHost(testbed, host, 'cat', '/etc/passwd', '/etc/group', '/etc/shadow')
  const lingering = await onHost(testbed, host, 'sh', '-c', 'ls /var/lib/systemd/linger 2>/dev/null || :')
  return [
    ...lines(files).filter((line) => !copiesOfUseradd.test(line)),
    ...lines(processes).filter((line) => !own.test(line)),
    ...lines(accounts),
    ...lines(lingering).map((name) => `lingers: ${name}`),
  ].sort()
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** What the agent of a host says through SSH, or null. */
export async function agentOn(
  connector: SshConnector,
  host: string,
  service: ServiceKind = 'detached',
  lab = 'rack',
  home = '/home/lab',
): Promise<Hello | null> {
  const session = await connector.connect(host)
  try {
    const { hello } = await askAgent(session, hostLayout(service, lab, home))
    return hello
  } finally {
    session.close()
  }
}
