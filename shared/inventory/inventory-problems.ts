import type { Inventory } from './inventory'
import { longestJumpChain } from './inventory'

export interface InventoryProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly allowed: string
}

/** What is wrong with an inventory although each of its values is allowed. */
export function inventoryProblems(lab: Inventory): InventoryProblem[] {
  return [...doubledNames(lab), ...roles(lab), ...jumps(lab), ...planes(lab), ...dataPlaces(lab)]
}

function doubledNames({ hosts, jump_hosts: jumpHosts }: Inventory): InventoryProblem[] {
  const places = [
    ...hosts.map(({ name }, index) => ({ name, path: ['hosts', index, 'name'] })),
    ...jumpHosts.map(({ name }, index) => ({ name, path: ['jump_hosts', index, 'name'] })),
  ]
  return doubled(places, ({ name }) => name).map(({ name, path }) => ({
    path,
    message: `two hosts have the name ${name}`,
    allowed: 'a name of its own for every host and jump host',
  }))
}

function roles({ hosts }: Inventory): InventoryProblem[] {
  const inference = hosts.flatMap(({ role }, index) => (role === 'inference' ? [index] : []))
  const allowed = 'one inference host and at least one satellite host'
  const problems: InventoryProblem[] = inference.slice(1).map((index) => ({
    path: ['hosts', index, 'role'],
    message: 'it is a second inference host',
    allowed,
  }))
  if (inference.length === 0) {
    problems.push({ path: ['hosts'], message: 'there is no inference host', allowed })
  }
  if (inference.length === hosts.length) {
    problems.push({ path: ['hosts'], message: 'there is no satellite host', allowed })
  }
  return problems
}

function jumps({ hosts, jump_hosts: jumpHosts }: Inventory): InventoryProblem[] {
  const names = new Set(jumpHosts.map(({ name }) => name))
  const allowed =
    names.size === 0
      ? 'names of jump_hosts; there are none'
      : `up to ${longestJumpChain} of ${[...names].join(', ')}`
  return hosts.flatMap(({ jump }, index) => {
    const unknown = jump.flatMap((name, place) =>
      names.has(name)
        ? []
        : [{ path: ['hosts', index, 'jump', place], message: `there is no jump host ${name}`, allowed }],
    )
    const twice = doubled(
      jump.map((name, place) => ({ name, place })),
      ({ name }) => name,
    ).map(({ name, place }) => ({
      path: ['hosts', index, 'jump', place],
      message: `the way goes through ${name} twice`,
      allowed: 'each jump host once',
    }))
    return [...unknown, ...twice]
  })
}

function planes({ hosts }: Inventory): InventoryProblem[] {
  const satellites = hosts.flatMap((host, index) => (host.role === 'satellite' ? [{ host, index }] : []))
  const isNamed = satellites.some(({ host }) => host.planes !== undefined)
  const without = satellites.filter(({ host }) => isNamed && host.planes === undefined)
  const carried = satellites.flatMap(({ host, index }) =>
    (host.planes ?? []).map((plane, place) => ({ plane, path: ['hosts', index, 'planes', place] })),
  )
  return [
    ...without.map(({ host, index }) => ({
      path: ['hosts', index],
      message: `${host.name} has no planes, but other hosts have`,
      allowed: 'planes for every satellite host, or for none',
    })),
    ...doubled(carried, ({ plane }) => String(plane)).map(({ plane, path }) => ({
      path,
      message: `plane ${plane} is carried twice`,
      allowed: 'each plane once',
    })),
  ]
}

/** Two agents cannot listen at one place. Hosts behind different jump hosts may have the same address. */
function dataPlaces({ hosts }: Inventory): InventoryProblem[] {
  const places = hosts.flatMap((host, index) =>
    host.role === 'satellite'
      ? [
          {
            place: `${host.data_address ?? host.address}:${host.data_port}`,
            path: ['hosts', index, 'data_port'],
          },
        ]
      : [],
  )
  return doubled(places, ({ place }) => place.toLowerCase()).map(({ place, path }) => ({
    path,
    message: `another satellite host has the data address ${place} already`,
    allowed: 'a data_port of its own for each host at an address',
  }))
}

/** Those that have come before. */
function doubled<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(item)
    const isDoubled = seen.has(key)
    seen.add(key)
    return isDoubled
  })
}
