import { shortestDelta, wrap, type Position, type Torus } from '../constellation/torus'
import { cellsOf, type PlacementOptions } from './placement'

/** The placement of one epoch that the next one is made from. Made by `startFollowing`, moved by `follow`. */
export interface Following {
  readonly torus: Torus
  /** The model is on board: the placement turns with its satellite and never moves. */
  readonly isFixed: boolean
  readonly centre: Position
  /** Slot of each column, plane of each row of the box: numbered as at epoch 0, wherever they are now. */
  readonly slotOfColumn: Int32Array
  readonly planeOfRow: Int32Array
  /** Element k is the cell of server k, `row * columns + column`. */
  readonly cells: Int32Array
}

/** @throws SkyError invalid_argument: servers beyond the torus, a centre outside of it */
export function startFollowing(options: Omit<PlacementOptions, 'rotations'>): Following {
  const { torus, strategy, centre } = options
  const { box, cells } = cellsOf({ ...options, rotations: 0 })
  return {
    torus,
    isFixed: strategy === 'hop',
    centre,
    slotOfColumn: Int32Array.from({ length: box.width }, (_, i) => wrap(box.firstSlot + i, torus.slots)),
    planeOfRow: Int32Array.from({ length: box.height }, (_, i) => wrap(box.firstPlane + i, torus.planes)),
    cells,
  }
}

/**
 * The placement after its centre has gone anywhere else on the torus; the rule of section 5 of the design, for slots
 * and planes alike. The box moves with the centre. Columns (rows) that the new box covers stay where they are; those
 * that it leaves go to the ones that it enters, in order. All servers keep their numbers.
 *
 * Of all placements with that box, none moves fewer servers of a full box. While the boxes and the way between them do
 * not reach around the torus, none moves chunks over fewer links in sum either. One slot backwards is one rotation of
 * `placement`.
 */
export function follow(state: Following, centre: Position): Following {
  if (state.isFixed) return state
  const { torus } = state
  const slots = shortestDelta(state.centre.slot, centre.slot, torus.slots)
  const planes = shortestDelta(state.centre.plane, centre.plane, torus.planes)
  return {
    ...state,
    centre,
    slotOfColumn: shifted(state.slotOfColumn, state.centre.slot, slots, torus.slots),
    planeOfRow: shifted(state.planeOfRow, state.centre.plane, planes, torus.planes),
  }
}

/** Element k is the satellite of server k. */
export function serversOf({ slotOfColumn, planeOfRow, cells }: Following): Position[] {
  const columns = slotOfColumn.length
  return Array.from(cells, (cell) => ({
    slot: slotOfColumn[cell % columns] as number,
    plane: planeOfRow[Math.floor(cell / columns)] as number,
  }))
}

/** One direction of a move: the coordinates of an interval around `centre` after it has moved by `delta`. */
function shifted(coordinates: Int32Array, centre: number, delta: number, size: number): Int32Array {
  const width = coordinates.length
  if (delta === 0 || width === size) return coordinates
  const first = centre - Math.floor(width / 2)
  const offsets = coordinates.map((at) => wrap(at - first - delta, size))
  const taken = new Uint8Array(width)
  for (const offset of offsets) if (offset < width) taken[offset] = 1
  // Those that leave, in the order in which they lay in the old box, take the free places in the order of the new one.
  const leaving = Array.from(coordinates.keys()).filter((i) => (offsets[i] as number) >= width)
  leaving.sort(
    (a, b) => wrap((coordinates[a] as number) - first, size) - wrap((coordinates[b] as number) - first, size),
  )
  const entering = Array.from(taken.keys()).filter((offset) => taken[offset] === 0)
  const after = coordinates.slice()
  leaving.forEach((i, n) => (after[i] = wrap(first + delta + (entering[n] as number), size)))
  return after
}
