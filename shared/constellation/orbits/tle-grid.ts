import { wrap, type Torus } from '../torus'
import { gravitationalParameter, toDegrees } from './earth'

/** Where a satellite's orbit lies, as mean elements at one common time, rad. */
export interface OrbitElements {
  readonly meanMotionRadPerS: number
  readonly inclinationRad: number
  readonly nodeRad: number
  /** Argument of perigee plus mean anomaly: how far the satellite is along its plane. */
  readonly latitudeRad: number
}

export interface SatelliteGrid {
  readonly torus: Torus
  /** By satellite index of the torus: which of the given satellites it is. */
  readonly members: readonly number[]
  /** Between its last plane and its first there is a gap, as in a star: links over it make no sense. */
  readonly hasSeam: boolean
  /** Satellites of other shells, of planes that are too thin, and spares of planes that are fuller than others. */
  readonly leftOut: { readonly otherShells: number; readonly thinPlanes: number; readonly spares: number }
}

/** Orbits closer than this in inclination and in mean altitude to the next one of their shell belong to it. */
const shellGap = { inclinationDeg: 0.05, altitudeM: 5_000 }
/** Nodes closer than this are of one plane, whatever else the nodes look like, degrees. */
const planeGapDeg = 0.25
/** A gap between planes that is so many times the mean of the others is a seam: a star of P planes has P + 1. */
const seamRatio = 3.5

/**
 * Finds the +GRID in real orbits, in which planes are irregular and satellites are missing:
 * 1. the shell: the largest group of orbits that hang together in inclination and altitude;
 * 2. its planes: nodes sorted around the equator and cut at the gaps before the greatest drop in gap size;
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

function altitudeOf({ meanMotionRadPerS }: OrbitElements): number {
  return Math.cbrt(gravitationalParameter / meanMotionRadPerS ** 2)
}

function shellOf(orbits: readonly OrbitElements[]): number[] {
  const all = Array.from(orbits.keys())
  const inclination = (i: number): number => toDegrees((orbits[i] as OrbitElements).inclinationRad)
  const altitude = (i: number): number => altitudeOf(orbits[i] as OrbitElements)
  return largest(
    chains(all, inclination, shellGap.inclinationDeg).flatMap((group) =>
      chains(group, altitude, shellGap.altitudeM),
    ),
  )
}

/** Groups of items whose values follow each other by at most `gap`. */
function chains(items: readonly number[], valueOf: (item: number) => number, gap: number): number[][] {
  const groups: number[][] = []
  let last = -Infinity
  for (const item of items.toSorted((a, b) => valueOf(a) - valueOf(b))) {
    const value = valueOf(item)
    if (value - last > gap) groups.push([item])
    else groups.at(-1)?.push(item)
    last = value
  }
  return groups
}

function largest(groups: readonly number[][]): number[] {
  return groups.reduce((best, group) => (group.length > best.length ? group : best), [])
}

/** Planes eastwards from the largest gap on, and the gap in front of each, degrees; the first one's is the largest. */
function planesOf(
  orbits: readonly OrbitElements[],
  shell: readonly number[],
): { planes: number[][]; gapsDeg: number[] } {
  const node = (i: number): number => wrap(toDegrees((orbits[i] as OrbitElements).nodeRad), 360)
  const sorted = shell.toSorted((a, b) => node(a) - node(b))
  const count = sorted.length
  const gapBefore = sorted.map((satellite, n) =>
    n === 0
      ? 360 + node(satellite) - node(sorted.at(-1) as number)
      : node(satellite) - node(sorted[n - 1] as number),
  )
  const widest = gapBefore.map((gap) => Math.max(gap, planeGapDeg)).toSorted((a, b) => b - a)
  let [cuts, drop] = [1, 0]
  widest.forEach((gap, n) => {
    const ratio = gap / (widest[n + 1] ?? planeGapDeg)
    if (ratio > drop) [cuts, drop] = [n + 1, ratio]
  })
  const limit = widest[cuts - 1] as number
  const first = gapBefore.indexOf(Math.max(...gapBefore))
  const [planes, gapsDeg]: [number[][], number[]] = [[], []]
  for (let n = 0; n < count; n++) {
    const at = (first + n) % count
    const gap = gapBefore[at] as number
    if (n === 0 || gap >= limit) {
      planes.push([])
      gapsDeg.push(gap)
    }
    planes.at(-1)?.push(sorted[at] as number)
  }
  return { planes, gapsDeg }
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
