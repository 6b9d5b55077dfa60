import { shortestDelta, type Torus } from '../../constellation/torus'
import { centreAt, placement, type PlacementOptions } from '../../placement/placement'

/** Where servers stand, seen from the centre. */
export interface ServerOffsets {
  /** Links along the plane and across planes, without sign, of every offset that occurs: a box of 81 has 25 of them. */
  readonly distinct: readonly { readonly slots: number; readonly planes: number }[]
  /** Which of them each server has, in server order. */
  readonly ofServer: Int32Array
}

/**
 * Offsets of all servers. They depend on the torus's size, the strategy, the servers and the rotations, but not on the
 * centre: the torus looks the same from everywhere.
 */
export function serverOffsets(options: PlacementOptions): ServerOffsets {
  const { torus } = options
  const centre = centreAt(options)
  const numbers = new Map<number, number>()
  const distinct: { slots: number; planes: number }[] = []
  const ofServer = Int32Array.from(placement(options), (at) => {
    const slots = Math.abs(shortestDelta(centre.slot, at.slot, torus.slots))
    const planes = Math.abs(shortestDelta(centre.plane, at.plane, torus.planes))
    const key = offsetKey(torus, slots, planes)
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, distinct.length)
    return distinct.push({ slots, planes }) - 1
  })
  return { distinct, ofServer }
}

function offsetKey(torus: Torus, slots: number, planes: number): number {
  return planes * torus.slots + slots
}
