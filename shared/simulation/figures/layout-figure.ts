import { inWindow, satelliteIndex, wrap, type Position, type Torus } from '../../constellation/torus'
import { chunkCount, chunkCountOfServer } from '../../kvc/chunks'
import { centreAt, placement, type Strategy } from '../../placement/placement'
import { serverOffsets } from '../latency/server-offsets'
import { checkOnTorus, checkWholeNumber } from '../latency/configuration'

/** What a picture of a placement is made of. */
export interface LayoutSetting {
  readonly strategy: Strategy
  readonly torus: Torus
  /** The centre at epoch 0. */
  readonly centre: Position
  readonly rotations: number
  readonly servers: number
  readonly kvcBytes: number
  readonly chunkBytes: number
  readonly losSlots: number
  readonly losPlanes: number
}

export interface LayoutCell extends Position {
  /** The server on this satellite and the chunks on it; null where there is none. */
  readonly server: { readonly number: number; readonly chunks: number } | null
  readonly isCentre: boolean
  readonly inLos: boolean
}

/** Where the chunks of a block lie: the satellites of the torus, or those around the centre where it is too large to draw. */
export interface LayoutFigure {
  /** Name of its files, without extension. */
  readonly name: string
  readonly setting: LayoutSetting
  readonly chunks: number
  readonly columns: number
  readonly rows: number
  /** Row by row, columns ascending. */
  readonly cells: readonly LayoutCell[]
  /** Servers that lie outside of what is drawn. */
  readonly hiddenServers: number
}

/** A torus whose sides are both up to this long is drawn whole. */
const drawnWhole = 24
/** Satellites that are drawn in one direction at least and at most, where it is not: more could not be read. */
const drawnAtLeast = 9
const drawnAtMost = 47

/**
 * The chunks of a block on the torus, for any placement and rotation.
 * @throws SkyError `invalid_argument`
 */
export function layoutFigure(setting: LayoutSetting): LayoutFigure {
  check(setting)
  const { strategy, torus, servers, losSlots, losPlanes } = setting
  const centre = centreAt(setting)
  const chunks = chunkCount(setting.kvcBytes, setting.chunkBytes)
  const serverOf = new Map(placement(setting).map((at, server) => [satelliteIndex(torus, at), server]))

  const { distinct } = serverOffsets(setting)
  const reach = (direction: 'slots' | 'planes'): number =>
    distinct.reduce((most, offset) => Math.max(most, offset[direction]), 0)
  const isWhole = torus.slots <= drawnWhole && torus.planes <= drawnWhole
  const across = isWhole ? { first: 0, count: torus.slots } : around(torus.slots, centre.slot, reach('slots'))
  const down = isWhole
    ? { first: 0, count: torus.planes }
    : around(torus.planes, centre.plane, reach('planes'))

  const cells: LayoutCell[] = []
  for (let row = 0; row < down.count; row++) {
    for (let column = 0; column < across.count; column++) {
      const at = {
        slot: wrap(across.first + column, torus.slots),
        plane: wrap(down.first + row, torus.planes),
      }
      const number = serverOf.get(satelliteIndex(torus, at))
      cells.push({
        ...at,
        server: number === undefined ? null : { number, chunks: chunkCountOfServer(number, servers, chunks) },
        isCentre: at.slot === centre.slot && at.plane === centre.plane,
        // On board, nobody looks from the ground.
        inLos: strategy !== 'hop' && inWindow(torus, centre, losSlots, losPlanes, at),
      })
    }
  }
  const drawn = cells.filter((cell) => cell.server !== null).length
  return {
    name: layoutName(setting),
    setting,
    chunks,
    columns: across.count,
    rows: down.count,
    cells,
    hiddenServers: servers - drawn,
  }
}

/** Which coordinates of a direction are drawn: those around the centre as far as servers reach, and one more. */
function around(size: number, centre: number, reach: number): { first: number; count: number } {
  const wanted = Math.max(2 * reach + 3, drawnAtLeast)
  const count = Math.min(wanted, drawnAtMost, size)
  return { first: centre - Math.floor(count / 2), count }
}

function layoutName({ strategy, torus, servers, rotations, centre }: LayoutSetting): string {
  const size = `${torus.slots}x${torus.planes}`
  return `layout-${strategy}-${size}-centre-${centre.slot}-${centre.plane}-servers-${servers}-rotations-${rotations}`
}

function check(setting: LayoutSetting): void {
  const { torus, centre, servers } = setting
  checkWholeNumber('slots', torus.slots)
  checkWholeNumber('planes', torus.planes)
  checkWholeNumber('servers', servers)
  checkWholeNumber('rotations', setting.rotations)
  checkWholeNumber('kvc-bytes', setting.kvcBytes)
  checkWholeNumber('chunk-bytes', setting.chunkBytes)
  checkWholeNumber('los-slots', setting.losSlots)
  checkWholeNumber('los-planes', setting.losPlanes)
  checkOnTorus(torus, servers, centre)
}
