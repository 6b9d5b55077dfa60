import { wrap, type Torus } from '../torus'
import { toDegrees } from './earth'
import type { OrbitElements } from './orbit-elements'
import { planesOf } from './tle-planes'
import { shellOf } from './tle-shell'

export interface SatelliteGrid {
  readonly torus: Torus
  /** By satellite index of the torus: which of the given satellites it is. */
  readonly members: readonly number[]
  /** Between its last plane and its first there is a gap, as in a star: links over it make no sense. */
  readonly hasSeam: boolean
  /** Satellites of other shells, of planes that are too thin, and spares of planes that are fuller than others. */
  readonly leftOut: { readonly otherShells: number; readonly thinPlanes: number; readonly spares: number }
}

/** A gap between planes that is so many times the mean of the others is a seam: a star of P planes has P + 1. */
const seamRatio = 3.5

/**
 * Finds the +GRID in real orbits, in which planes are irregular and satellites are missing:
 * 1. the shell: the largest group of satellites on station whose orbits hang together in inclination and altitude;
 * 2. its planes: nodes without those astray, sorted around the equator, and cut at the gaps before the greatest drop in
 *    gap size;
 * 3. the largest full grid: the number of slots M for which M times the planes with at least M satellites is greatest.
 *    Thinner planes are left out, and fuller ones lose the satellites that are closest to their neighbours, so that every
 *    place of the torus is a real satellite;
 * 4. slots: in flight direction, slot s as near as possible to s * 360°/M in every plane.
 * Planes count eastwards from the largest gap on.
 */
export function gridOf(orbits: readonly OrbitElements[]): SatelliteGrid {
  const shell = shellOf(orbits)
  const { planes, gapsDeg } = planesOf(orbits, shell)
  const slots = slotsOf(planes.map((plane) => plane.length))
  const kept = planes.filter((plane) => plane.length >= slots)
  const inPlanes = kept.reduce((sum, plane) => sum + plane.length, 0)
  const torus = { slots, planes: kept.length }
  return {
    torus,
    members: kept.flatMap((plane) => orderedSlots(orbits, thinned(orbits, plane, slots))),
    hasSeam: isSeam(gapsDeg),
    leftOut: {
      otherShells: orbits.length - shell.length,
      thinPlanes: shell.length - inPlanes,
      spares: inPlanes - slots * kept.length,
    },
  }
}

function isSeam([first, ...others]: readonly number[]): boolean {
  if (first === undefined || others.length < 2) return false
  return first > (seamRatio * others.reduce((sum, gap) => sum + gap, 0)) / others.length
}

/** The number of slots whose full grid takes most satellites; of equally good ones the one with most planes. */
function slotsOf(sizes: readonly number[]): number {
  let [best, most] = [1, 0]
  for (const slots of new Set(sizes.toSorted((a, b) => a - b))) {
    const used = slots * sizes.filter((size) => size >= slots).length
    if (used > most) [best, most] = [slots, used]
  }
  return best
}

const latitudeDeg = (orbits: readonly OrbitElements[], i: number): number =>
  wrap(toDegrees((orbits[i] as OrbitElements).latitudeRad), 360)

/** A plane in flight order, without the satellites that are closest to their neighbours: as many as `slots` remain. */
function thinned(orbits: readonly OrbitElements[], plane: readonly number[], slots: number): number[] {
  const ring = plane.toSorted((a, b) => latitudeDeg(orbits, a) - latitudeDeg(orbits, b))
  while (ring.length > slots) {
    const rooms = ring.map((_, n) => {
      const before = latitudeDeg(orbits, ring[(n + ring.length - 1) % ring.length] as number)
      const after = latitudeDeg(orbits, ring[(n + 1) % ring.length] as number)
      return ring.length < 3 ? 0 : wrap(after - before, 360)
    })
    ring.splice(rooms.indexOf(Math.min(...rooms)), 1)
  }
  return ring
}

/** A full plane turned so that its satellites are nearest to their slots, in squares of the angle. */
function orderedSlots(orbits: readonly OrbitElements[], ring: readonly number[]): number[] {
  const pitch = 360 / ring.length
  let [best, least] = [0, Infinity]
  for (let turn = 0; turn < ring.length; turn++) {
    let sum = 0
    ring.forEach((satellite, n) => {
      const off = wrap(latitudeDeg(orbits, satellite) - ((n + turn) % ring.length) * pitch + 180, 360) - 180
      sum += off * off
    })
    if (sum < least) [best, least] = [turn, sum]
  }
  return ring.map((_, slot) => ring[(slot - best + ring.length) % ring.length] as number)
}
