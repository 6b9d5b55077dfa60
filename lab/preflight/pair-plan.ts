import type { HostPair } from '#shared/contract/provisioning-api'
import type { Inventory, InventoryHost, SatelliteInventoryHost } from '#shared/inventory/inventory'

/** One connection to be measured: from a host to the data port of a satellite host. */
export interface Visit {
  readonly from: InventoryHost
  readonly to: SatelliteInventoryHost
  /** Also measure the way back: of an inference host, to whose side nobody connects. */
  readonly alsoBack: boolean
}

/** In larger labs each host is measured with this many that follow it in the inventory, round and round: all pairs would take hours. */
const nextHosts = 3
const mostHostsForAllPairs = 32

/** Every pair of hosts that talk to each other, both ways; inference hosts do not talk among themselves. */
export function plannedPairs({ hosts }: Inventory): HostPair[] {
  const count = hosts.length
  const isPlanned = (from: number, to: number): boolean => {
    if (count <= mostHostsForAllPairs) return true
    const distance = (to - from + count) % count
    return Math.min(distance, count - distance) <= nextHosts
  }
  return hosts.flatMap((from, index) =>
    hosts.flatMap((to, other) => {
      const isPair =
        from !== to && (from.role === 'satellite' || to.role === 'satellite') && isPlanned(index, other)
      return isPair
        ? [
            {
              from: from.name,
              to: to.name,
              status: 'skipped',
              roundTripMs: null,
              throughputMbitS: null,
              problem: '',
            } as const,
          ]
        : []
    }),
  )
}

/** The connections that measure these pairs: one for each pair that ends at a satellite host. */
export function plannedVisits({ hosts }: Inventory, pairs: readonly HostPair[]): Visit[] {
  const byName = new Map(hosts.map((host) => [host.name, host]))
  return pairs.flatMap((pair) => {
    const [from, to] = [byName.get(pair.from), byName.get(pair.to)]
    return from && to?.role === 'satellite' ? [{ from, to, alsoBack: from.role === 'inference' }] : []
  })
}

/** Where other hosts reach a satellite host. */
export const dataAddress = ({ data_address, address }: SatelliteInventoryHost): string =>
  data_address ?? address
