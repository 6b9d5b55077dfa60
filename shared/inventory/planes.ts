import { SkyError } from '../contract/errors'
import type { Inventory } from './inventory'

/**
 * Which planes each satellite host carries, for a constellation of so many planes: those that the inventory names, or where it names
 * none, contiguous shares in the order of the hosts.
 * @returns planes by the name of the host, every plane 0..planes-1 once; hosts beyond the number of planes carry none
 * @throws SkyError `invalid_argument` when the inventory's planes are not those of the constellation
 */
export function planesOfInventory(
  { name, hosts }: Inventory,
  planes: number,
): ReadonlyMap<string, readonly number[]> {
  const satelliteHosts = hosts.filter((host) => host.role === 'satellite')
  const named = satelliteHosts.filter((host) => host.planes !== undefined)
  if (satelliteHosts.length === 0) {
    throw new SkyError(
      'invalid_argument',
      `The lab ${name} has no satellite host`,
      'Add one to its inventory.',
    )
  }
  if (named.length === 0) {
    const shares = dividePlanes(planes, satelliteHosts.length)
    return new Map(satelliteHosts.map((host, index) => [host.name, shares[index] ?? []]))
  }
  const without = satelliteHosts.find((host) => host.planes === undefined)
  if (without) {
    throw new SkyError(
      'invalid_argument',
      `${without.name} of the lab ${name} has no planes, but ${named[0]?.name ?? 'another host'} has`,
      'Name the planes of every satellite host, or of none.',
    )
  }
  const carried = named.flatMap((host) => host.planes ?? []).sort((a, b) => a - b)
  const isWhole = carried.length === planes && carried.every((plane, index) => plane === index)
  if (!isWhole) {
    throw new SkyError(
      'invalid_argument',
      `The hosts of the lab ${name} carry the planes ${carried.join(', ')}, the constellation has ${planes}`,
      `Use an experiment with as many planes, or leave the planes out of the inventory: they are divided then.`,
    )
  }
  return new Map(named.map((host) => [host.name, host.planes ?? []]))
}

/** Contiguous shares of planes 0..planes-1, as equal as they can be; with more hosts than planes, the last ones have none. */
export function dividePlanes(planes: number, hosts: number): number[][] {
  const shares = Math.min(planes, hosts)
  return Array.from({ length: hosts }, (_, host) => {
    if (host >= shares) return []
    const first = Math.floor((host * planes) / shares)
    const next = Math.floor(((host + 1) * planes) / shares)
    return Array.from({ length: next - first }, (_plane, index) => first + index)
  })
}
