import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'

/** sudo of a host: a rule without password, one with, no rule for the user, or no sudo at all. */
export const sudoKinds = ['passwordless', 'password', 'none', 'missing'] as const

/** What a host is made like. */
export const hostOptions = z.strictObject({
  sudo: z.enum(sudoKinds).default('passwordless'),
  /** Lines of its sshd_config, such as `AllowTcpForwarding no`; they win over the testbed's. */
  sshd: z.array(z.string()).default([]),
  readOnlyHome: z.boolean().default(false),
  /** A disk of its own of this size, which `fillDisk` can fill; null = it shares the disk of the testbed's folder. */
  diskMegabytes: z.int().min(8).nullable().default(null),
  /** Programs that it does not have, such as `/usr/bin/perl`. */
  hide: z.array(z.string().regex(/^\/usr\//)).default([]),
  /** systemd as its first process instead of a shell. Needs systemd and dbus installed, and a cgroup2 file system. */
  systemd: z.boolean().default(false),
})
export type HostOptions = z.infer<typeof hostOptions>

export interface TestbedOptions {
  /** All of them; the last one is the jetson, unless it is the only one. */
  readonly hosts?: number
  /** Names the network namespaces; testbeds of different prefixes run beside each other. */
  readonly prefix?: string
  /** A /24, such as 10.77.0.0/24; or `free`. */
  readonly network?: string
  /** Where everything lies. It may exist if it is empty. */
  readonly directory?: string
  /** Of all hosts. */
  readonly host?: Partial<HostOptions>
  /** Of single ones by name; wins over `host`. */
  readonly only?: Readonly<Record<string, Partial<HostOptions>>>
  /** Take everything away when this process ends, however it ends. */
  readonly endWithProcess?: boolean
}

export const plannedHost = z.object({
  name: z.string(),
  role: z.enum(['satellite', 'inference']),
  address: z.string(),
  /** Its network namespace, as `ip netns` lists it. */
  space: z.string(),
  options: hostOptions,
})
export type PlannedHost = z.infer<typeof plannedHost>

export const testbedPlan = z.object({
  prefix: z.string(),
  network: z.string(),
  /** Of this machine on the testbed's network. */
  gateway: z.string(),
  /** The network namespace of the bridge: no firewall of the machine reaches into it. */
  switchSpace: z.string(),
  /** This machine's interface to the bridge. */
  link: z.string(),
  directory: z.string(),
  hosts: z.array(plannedHost),
})
export type TestbedPlan = z.infer<typeof testbedPlan>

export const defaultPrefix = 'skymemory'
export const defaultNetwork = '10.77.0.0/24'
/** Any network of 10.77.0.0/16 that nothing uses, but for the usual one. */
export const freeNetwork = 'free'
export const defaultHosts = 6
export const testbedUser = 'lab'

/** Addresses .11 to .210: what is below stays free for the machine, .255 is the broadcast. */
export const mostHosts = 200
const firstHostNumber = 11

/** Kernel names of interfaces have at most 15 characters; `-lab` is added. */
const prefixForm = /^[a-z][a-z0-9]{0,10}$/

/** @throws SkyError `invalid_argument` */
export function planTestbed(options: TestbedOptions): TestbedPlan {
  const { hosts = defaultHosts, prefix = defaultPrefix, network = defaultNetwork } = options
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > mostHosts) {
    throw new SkyError('invalid_argument', `${hosts} hosts cannot be made`, `Choose 1 to ${mostHosts}.`)
  }
  checkPrefix(prefix)
  const base = networkBase(network)
  const names = hostNames(hosts)
  const unknown = Object.keys(options.only ?? {}).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new SkyError(
      'invalid_argument',
      `There is no host ${unknown} in this testbed`,
      `It has: ${names.join(', ')}.`,
    )
  }
  return {
    prefix,
    network,
    gateway: `${base}.1`,
    switchSpace: `${prefix}-switch`,
    link: `${prefix}-lab`,
    directory: options.directory ?? defaultDirectory(prefix),
    hosts: names.map((name, index) => ({
      name,
      role: roleOf(index, hosts),
      address: `${base}.${firstHostNumber + index}`,
      space: `${prefix}-${name}`,
      options: hostOptions.parse({ ...options.host, ...options.only?.[name] }),
    })),
  }
}

/** Root's own place for what programs keep. */
export const defaultDirectory = (prefix: string): string => `/var/lib/skymemory-testbed/${prefix}`

/** @throws SkyError `invalid_argument` */
export function checkPrefix(prefix: string): void {
  if (prefixForm.test(prefix)) return
  throw new SkyError(
    'invalid_argument',
    `The prefix "${prefix}" cannot name a testbed`,
    'Use 1 to 11 small letters and digits, a letter first.',
  )
}

/** nuc1, nuc2 ..., and the jetson at the end. */
export function hostNames(hosts: number): string[] {
  return Array.from({ length: hosts }, (_, index) =>
    roleOf(index, hosts) === 'inference' ? 'jetson' : `nuc${index + 1}`,
  )
}

export const roleOf = (index: number, hosts: number): PlannedHost['role'] =>
  hosts > 1 && index === hosts - 1 ? 'inference' : 'satellite'

/** The first three numbers of a /24. @throws SkyError `invalid_argument` */
export function networkBase(network: string): string {
  const found = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.0\/24$/.exec(network)
  const base = found?.[1]
  if (base?.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part)) return base
  throw new SkyError(
    'invalid_argument',
    `"${network}" is no network for a testbed`,
    'Name a /24 that nothing uses, such as 10.78.0.0/24.',
  )
}
