import { earthRadiusM } from '../../geometry'
import { toRadians } from '../earth'
import { nodeDeg, startLatitudeDeg, type Walker } from '../walker'

/**
 * The least distance that any two satellites of a Walker delta ever have, m. In closed form: the cosine of the angle
 * between two satellites of equal inclination is a constant plus a cosine of twice their place in orbit.
 */
export function leastSeparationM(walker: Walker): number {
  const { slots, planes } = walker.torus
  const inclination = toRadians(walker.inclinationDeg)
  let closest = -1
  // All planes of a delta are alike, so that the pairs of satellite 0 are enough.
  for (let satellite = 1; satellite < slots * planes; satellite++) {
    const plane = Math.floor(satellite / slots)
    const ahead = toRadians(startLatitudeDeg(walker, satellite % slots, plane))
    const node = Math.cos(toRadians(nodeDeg(walker, plane)))
    const sineOfNode = Math.sin(toRadians(nodeDeg(walker, plane)))
    const tilted = node * Math.cos(inclination) ** 2 + Math.sin(inclination) ** 2
    const constant =
      (Math.cos(ahead) * (node + tilted)) / 2 - sineOfNode * Math.cos(inclination) * Math.sin(ahead)
    closest = Math.max(closest, constant + Math.abs(node - tilted) / 2)
  }
  return (earthRadiusM + walker.altitudeM) * Math.sqrt(Math.max(0, 2 * (1 - closest)))
}

/** The phasing that keeps satellites farthest apart: the criterion of Liang, Chaudhry, Yanikomeroglu (arXiv 2109.13994). */
export function safestPhasing(walker: Omit<Walker, 'phasing'>): { phasing: number; leastM: number } {
  let best = { phasing: 0, leastM: -1 }
  for (let phasing = 0; phasing < walker.torus.planes; phasing++) {
    const leastM = leastSeparationM({ ...walker, phasing })
    if (leastM > best.leastM + 1e-3) best = { phasing, leastM }
  }
  return best
}
