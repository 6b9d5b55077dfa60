import { gravitationalParameter, toDegrees } from './earth'
import type { OrbitElements } from './orbit-elements'

/** Orbits closer than this in inclination and in mean altitude to the next one of their shell belong to it. */
const shellGap = { inclinationDeg: 0.05, altitudeM: 5_000 }
/**
 * A satellite is on station when it has so many companions so near to its altitude and inclination. Those that climb or
 * sink are spread thinly over hundreds of km, and would tie shells together.
 */
const station = { companions: 5, altitudeM: 500, inclinationDeg: 0.05 }
function altitudeOf({ meanMotionRadPerS }: OrbitElements): number {
  return Math.cbrt(gravitationalParameter / meanMotionRadPerS ** 2)
}

/** The largest shell: satellites on station, or all where none is, whose orbits hang together. Indices of `orbits`. */
export function shellOf(orbits: readonly OrbitElements[]): number[] {
  const inclinations = orbits.map(({ inclinationRad }) => toDegrees(inclinationRad))
  const altitudes = orbits.map(altitudeOf)
  const kept = onStation(inclinations, altitudes)
  const candidates = kept.length === 0 ? Array.from(orbits.keys()) : kept
  return largest(
    chains(candidates, inclinations, shellGap.inclinationDeg).flatMap((group) =>
      chains(group, altitudes, shellGap.altitudeM),
    ),
  )
}

function onStation(inclinations: readonly number[], altitudes: readonly number[]): number[] {
  const sorted = Array.from(altitudes.keys()).sort(
    (a, b) => (altitudes[a] as number) - (altitudes[b] as number),
  )
  /** Companions among those that follow in one direction, as far as altitudes are near. */
  const companions = (at: number, step: 1 | -1): number => {
    const satellite = sorted[at] as number
    let count = 0
    for (let n = at + step; n >= 0 && n < sorted.length && count < station.companions; n += step) {
      const other = sorted[n] as number
      if (Math.abs((altitudes[other] as number) - (altitudes[satellite] as number)) > station.altitudeM) break
      const apart = Math.abs((inclinations[other] as number) - (inclinations[satellite] as number))
      if (apart <= station.inclinationDeg) count += 1
    }
    return count
  }
  return sorted.filter((_, at) => companions(at, 1) + companions(at, -1) >= station.companions)
}

/** Groups of items whose values follow each other by at most `gap`. */
function chains(items: readonly number[], values: readonly number[], gap: number): number[][] {
  const groups: number[][] = []
  let last = -Infinity
  for (const item of items.toSorted((a, b) => (values[a] as number) - (values[b] as number))) {
    const value = values[item] as number
    if (value - last > gap) groups.push([item])
    else groups.at(-1)?.push(item)
    last = value
  }
  return groups
}

function largest(groups: readonly number[][]): number[] {
  return groups.reduce((best, group) => (group.length > best.length ? group : best), [])
}
