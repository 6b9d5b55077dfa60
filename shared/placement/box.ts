import { wrap, type Position, type Torus } from '../constellation/torus'

/** A rectangle of satellites: `width` slots by `height` planes from its first slot and plane on, wrapping around. */
export interface Box {
  readonly firstSlot: number
  readonly firstPlane: number
  readonly width: number
  readonly height: number
}

/** The box of this size around a centre. A side that would be longer than the torus covers all of it, once. */
export function boxAround(torus: Torus, centre: Position, wide: number, high: number): Box {
  const width = Math.min(wide, torus.slots)
  const height = Math.min(high, torus.planes)
  return {
    firstSlot: wrap(centre.slot - Math.floor(width / 2), torus.slots),
    firstPlane: wrap(centre.plane - Math.floor(height / 2), torus.planes),
    width,
    height,
  }
}

/**
 * The box of n servers (section 5 of the design): the smallest odd side that holds n as a square; where the torus is
 * narrower than that, the other direction grows by two at a time, so that the centre stays in the middle.
 */
export function boxOf(torus: Torus, centre: Position, servers: number): Box {
  const root = Math.ceil(Math.sqrt(servers))
  const side = root % 2 === 1 ? root : root + 1
  let width = Math.min(side, torus.slots)
  let height = Math.min(side, torus.planes)
  while (width * height < servers) {
    if (width < torus.slots) width = Math.min(width + 2, torus.slots)
    else height = Math.min(height + 2, torus.planes)
  }
  return boxAround(torus, centre, width, height)
}
