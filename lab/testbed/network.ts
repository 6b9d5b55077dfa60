import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { mustRun } from './run-program'
import type { PlannedHost, TestbedPlan } from './testbed-plan'

const routes = z.array(z.object({ dst: z.string(), dev: z.string().default('') }))
const interfaces = z.array(
  z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ local: z.string(), prefixlen: z.int() })).default([]),
  }),
)

/** Networks of this machine's interfaces, and those that it reaches by a route of their own. */
export interface UsedNetwork {
  /** As `ip route` says it: 192.0.2.0/24, or a single address. */
  readonly network: string
  readonly device: string
}

export async function usedNetworks(): Promise<UsedNetwork[]> {
  const known = routes.parse(
    JSON.parse((await mustRun('ip', ['-json', '-4', 'route', 'show', 'table', 'main'])) || '[]'),
  )
  const own = interfaces.parse(JSON.parse(await mustRun('ip', ['-json', '-4', 'address', 'show'])))
  return [
    ...known.filter(({ dst }) => dst !== 'default').map(({ dst, dev }) => ({ network: dst, device: dev })),
    ...own.flatMap(({ ifname, addr_info }) =>
      addr_info.map(({ local, prefixlen }) => ({ network: `${local}/${prefixlen}`, device: ifname })),
    ),
  ]
}

/** The network among them that shares an address with this one, or null. Networks are IPv4, a.b.c.d/bits. */
export function clashWith(network: string, used: readonly UsedNetwork[]): UsedNetwork | null {
  return used.find((each) => overlaps(network, each.network)) ?? null
}

function overlaps(one: string, other: string): boolean {
  const [a, b] = [range(one), range(other)]
  const bits = Math.min(a.bits, b.bits)
  const size = 2 ** (32 - bits)
  return Math.floor(a.first / size) === Math.floor(b.first / size)
}

function range(network: string): { first: number; bits: number } {
  const [address = '', bits = '32'] = network.split('/')
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return { first, bits: Number(bits) }
}

/** @throws SkyError `conflict` when this machine uses the network already */
export function refuseClash(network: string, used: readonly UsedNetwork[]): void {
  const clash = clashWith(network, used)
  if (!clash) return
  throw new SkyError(
    'conflict',
    `This machine uses ${clash.network} already, on ${clash.device || 'a route'}: a testbed on ${network} would hide it`,
    'Choose another /24 with --network, such as 10.78.0.0/24.',
  )
}

/** Make the namespaces, the bridge between them, and this machine's way to it. */
export async function makeNetwork(plan: TestbedPlan): Promise<void> {
  const { hosts, switchSpace, link, gateway } = plan
  await batch(null, [
    `netns add ${switchSpace}`,
    ...hosts.map(({ space }) => `netns add ${space}`),
    `link add ${link} type veth peer name uplink netns ${switchSpace}`,
    `addr add ${gateway}/24 dev ${link}`,
    `link set ${link} up`,
  ])
  await batch(switchSpace, [
    'link add bridge type bridge',
    'link set bridge up',
    'link set uplink master bridge up',
    ...hosts.flatMap(({ name, space }) => [
      `link add ${name} type veth peer name eth0 netns ${space}`,
      `link set ${name} master bridge up`,
    ]),
  ])
  await Promise.all(
    hosts.map(({ space, address }) =>
      batch(space, ['link set lo up', `addr add ${address}/24 dev eth0`, 'link set eth0 up']),
    ),
  )
}

/** Pull or plug the cable of a host: what is sent over it meanwhile is lost. */
export async function setLink(plan: TestbedPlan, host: PlannedHost, state: 'up' | 'down'): Promise<void> {
  await mustRun('ip', ['-netns', plan.switchSpace, 'link', 'set', host.name, state])
}

const links = z.array(z.object({ ifname: z.string().default(''), flags: z.array(z.string()).default([]) }))

/** Names of the hosts whose cable is plugged in. */
export async function pluggedHosts(plan: TestbedPlan): Promise<Set<string>> {
  const text = await mustRun('ip', ['-json', '-netns', plan.switchSpace, 'link', 'show'])
  const up = links.parse(JSON.parse(text)).filter(({ flags }) => flags.includes('UP'))
  // An interface of a pair is called name@peer by some versions of ip.
  return new Set(up.map(({ ifname }) => ifname.split('@')[0] as string))
}

async function batch(space: string | null, lines: readonly string[]): Promise<void> {
  const where = space === null ? [] : ['-netns', space]
  await mustRun('ip', [...where, '-batch', '-'], `${lines.join('\n')}\n`)
}
