import { wrap } from '../torus'
import { toDegrees } from './earth'
import type { OrbitElements } from './orbit-elements'

/** Nodes closer than this to the next one are of one plane, degrees; planes of real shells are kept within 0.3°. */
const planeGapDeg = 0.6
/** Fewer satellites than this, apart from all others, are no plane but astray. */
const leastInPlane = 3
/** Satellites around the equator, and how far the node of each is from the one before it, degrees. */
interface NodeRing {
  readonly satellites: readonly number[]
  readonly gapsDeg: readonly number[]
}

function nodeRing(orbits: readonly OrbitElements[], satellites: readonly number[]): NodeRing {
  const node = (i: number): number => wrap(toDegrees((orbits[i] as OrbitElements).nodeRad), 360)
  const sorted = satellites.toSorted((a, b) => node(a) - node(b))
  const gapsDeg = sorted.map((satellite, n) =>
    n === 0
      ? 360 + node(satellite) - node(sorted.at(-1) as number)
      : node(satellite) - node(sorted[n - 1] as number),
  )
  return { satellites: sorted, gapsDeg }
}

/** Cuts a ring at all gaps of at least `limitDeg`, and at the largest one, behind which the first group begins. */
function cut({ satellites, gapsDeg }: NodeRing, limitDeg: number): { groups: number[][]; before: number[] } {
  const [groups, before]: [number[][], number[]] = [[], []]
  const first = gapsDeg.indexOf(Math.max(...gapsDeg))
  for (let n = 0; n < satellites.length; n++) {
    const at = (first + n) % satellites.length
    const gap = gapsDeg[at] as number
    if (n === 0 || gap >= limitDeg) {
      groups.push([])
      before.push(gap)
    }
    groups.at(-1)?.push(satellites[at] as number)
  }
  return { groups, before }
}

/** The planes of a shell, eastwards from the largest gap on, and the gap in front of each, degrees; the first one's is the largest. */
export function planesOf(
  orbits: readonly OrbitElements[],
  shell: readonly number[],
): { planes: number[][]; gapsDeg: number[] } {
  const { groups } = cut(nodeRing(orbits, shell), planeGapDeg)
  const kept = groups.filter((group) => group.length >= leastInPlane).flat()
  const ring = nodeRing(orbits, kept.length === 0 ? shell : kept)

  const widest = ring.gapsDeg.map((gap) => Math.max(gap, planeGapDeg)).sort((a, b) => b - a)
  let [limitDeg, drop] = [Infinity, 0]
  widest.forEach((gap, n) => {
    const next = widest[n + 1] ?? planeGapDeg
    const ratio = gap / next
    // The first drop may be that of a star's seam: it makes one plane of all only where no other gap is left.
    if (n === 0 && next > planeGapDeg) return
    if (ratio > drop) [limitDeg, drop] = [gap, ratio]
  })
  const { groups: planes, before: gapsDeg } = cut(ring, limitDeg)
  return { planes, gapsDeg }
}
