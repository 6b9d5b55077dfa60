import type { JumpHost } from '#shared/inventory/inventory'

/** One SSH server on the way to a host, or the host itself. */
export interface Hop {
  readonly lab: string
  readonly target: JumpHost
  /** Name of the jump host through which it is reached; null = directly. */
  readonly through: string | null
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
