import type { JumpHost } from '#shared/inventory/inventory'
import type { ServerPlace } from '../host-keys/host-key-store'

/** One SSH server on the way to a host, or the host itself. */
export interface Hop {
  readonly lab: string
  readonly target: JumpHost
  /** Name of the jump host through which it is reached; null = directly. */
  readonly through: string | null
  /** Addresses and ports of all jump hosts on the way; empty = directly. */
  readonly way: string
}

/** The hops of a route. @param targets the servers on the way and the host itself, the first one is reached directly */
export function hopsOf(lab: string, targets: readonly JumpHost[]): Hop[] {
  return targets.map((target, index) => ({
    lab,
    target,
    through: targets[index - 1]?.name ?? null,
    way: targets.slice(0, index).map(endpointText).join(' '),
  }))
}

/** Which server it is, for the store of host keys. */
export function placeOf({ target: { address, port }, way }: Hop): ServerPlace {
  return { address, port, through: way }
}

/** `nuc1 (10.0.0.1:22)`, with the way to it: what messages call it. */
export function hopText({ target, through }: Hop): string {
  const way = through === null ? '' : `, through ${through}`
  return `${target.name} (${endpointText(target)}${way})`
}

export function endpointText({ address, port }: { address: string; port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** What every error of a hop has in its details. */
export function hopDetails({ lab, target, through }: Hop): Record<string, unknown> {
  return { lab, target: target.name, address: target.address, port: target.port, through }
}
