import { SkyError } from '../contract/errors'
import { onTorus, wrap, type Position, type Torus } from '../constellation/torus'
import { boxOf, type Box } from './box'
import { nearestCells } from './nearest'
import { boxOfRings, ringCells } from './rings'

export const strategies = ['rotation', 'hop', 'hop_rotation'] as const
export type Strategy = (typeof strategies)[number]

export interface PlacementOptions {
  readonly strategy: Strategy
  readonly torus: Torus
  /** The centre at epoch 0. */
  readonly centre: Position
  readonly servers: number
  /** Rotations since epoch 0. */
  readonly rotations: number
}

/**
 * The satellites of all servers: element k is server k (section 5 of the design).
 *
 * A rotation moves the box by one slot backwards. Servers of its last column jump over the box to the column that enters
 * in front; all others stay, and all keep their numbers. `hop` turns with its satellite and never moves.
 * @throws SkyError invalid_argument: servers beyond the torus, a centre outside of it, rotations below 0
 */
export function placement(options: PlacementOptions): Position[] {
  const { strategy, torus, rotations } = options
  const { box, cells } = cellsOf(options)
  return positionsOf(torus, box, cells, strategy === 'hop' ? 0 : rotations)
}

/**
 * The box at epoch 0 and the servers in it: element k is the cell of server k, `row * width + column`.
 * @throws SkyError as `placement`
 */
export function cellsOf(options: PlacementOptions): { readonly box: Box; readonly cells: Int32Array } {
  check(options)
  const { strategy, torus, centre, servers } = options
  if (strategy === 'hop') {
    const box = boxOfRings(torus, centre, servers)
    return { box, cells: ringCells(torus, box, servers) }
  }
  const box = boxOf(torus, centre, servers)
  const cells = strategy === 'rotation' ? nearestCells(torus, box, servers) : ringCells(torus, box, servers)
  return { box, cells }
}

/** The centre after some rotations: overhead of the ground it wanders backwards, on board it stays. */
export function centreAt(
  options: Pick<PlacementOptions, 'strategy' | 'torus' | 'centre' | 'rotations'>,
): Position {
  const { strategy, torus, centre, rotations } = options
  if (strategy === 'hop') return centre
  return { slot: wrap(centre.slot - rotations, torus.slots), plane: centre.plane }
}

/** How often a server in this column of the box has jumped after some rotations: when it is last, then every width-th time. */
function jumps(column: number, width: number, rotations: number): number {
  return Math.max(0, Math.ceil((rotations - (width - 1 - column)) / width))
}

function positionsOf(torus: Torus, box: Box, cells: Int32Array, rotations: number): Position[] {
  const { width } = box
  const slotOfColumn = new Int32Array(width)
  for (let column = 0; column < width; column++) {
    const slot = box.firstSlot + column - jumps(column, width, rotations) * width
    slotOfColumn[column] = wrap(slot, torus.slots)
  }
  const positions = new Array<Position>(cells.length)
  for (let server = 0; server < cells.length; server++) {
    const cell = cells[server] as number
    const row = Math.floor(cell / width)
    const plane = box.firstPlane + row
    positions[server] = {
      slot: slotOfColumn[cell - row * width] as number,
      plane: plane < torus.planes ? plane : plane - torus.planes,
    }
  }
  return positions
}

function check({ torus, centre, servers, rotations }: PlacementOptions): void {
  const satellites = torus.slots * torus.planes
  if (!Number.isInteger(servers) || servers < 1 || servers > satellites) {
    const message = `${servers} servers do not fit on a torus of ${torus.slots}x${torus.planes} satellites`
    throw new SkyError('invalid_argument', message, `Choose 1 to ${satellites} servers.`)
  }
  if (!Number.isInteger(centre.slot) || !Number.isInteger(centre.plane) || !onTorus(torus, centre)) {
    const message = `the centre (${centre.slot}, ${centre.plane}) is not on the torus of ${torus.slots}x${torus.planes}`
    const hint = `Choose a slot from 0 to ${torus.slots - 1} and a plane from 0 to ${torus.planes - 1}.`
    throw new SkyError('invalid_argument', message, hint)
  }
  if (!Number.isSafeInteger(rotations) || rotations < 0) {
    throw new SkyError('invalid_argument', `${rotations} is not a number of rotations`, 'Choose 0 or more.')
  }
}
