import {
  samePosition,
  satelliteIndex,
  shortestDelta,
  windowPositions,
  wrap,
  type Position,
  type Torus,
} from '#shared/constellation/torus'
import { defaultParameters } from '#shared/experiment/parameters'
import { centreAt } from '#shared/placement/placement'
import type { LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { blockLatency, type BlockLatency, type ServerLatency } from '#shared/simulation/latency/latency'

/** Above this many servers a picture says nothing, and making it would hold the window. */
export const mostServersDrawn = 20_000
/** Slots and planes that are drawn at most; of a larger torus, those around the centre. */
const mostAcross = 41
/** A torus up to this size is drawn whole. */
const wholeUpTo = 25

/** What the fill of a server shows: the time that it takes, from the fastest to the slowest; or its chunks. */
export const layoutFills = ['time', 'chunks'] as const
export type LayoutFill = (typeof layoutFills)[number]

export interface LayoutCell extends Position {
  readonly server: ServerLatency | null
  readonly centre: boolean
  readonly inWindow: boolean
  /** 0..1: what the fill shows, against the server that has most of it. */
  readonly fill: Readonly<Record<LayoutFill, number>>
}

/** Where the chunks of a block lie: the part of the torus that is drawn, plane by plane. */
export interface ChunkLayout {
  readonly torus: Torus
  readonly centre: Position
  readonly planes: readonly (readonly LayoutCell[])[]
  readonly latency: BlockLatency
  readonly chunks: number
  /** The slowest server: it makes the block's time. */
  readonly slowest: ServerLatency
  readonly isWhole: boolean
  /** Servers outside of what is drawn. */
  readonly serversOutside: number
}

/**
 * The satellites of all servers with the chunks that they hold, in the torus around the centre. The LOS window is drawn in
 * its default size where the model is on the ground; the latency model itself takes every server as in sight.
 * @throws SkyError `invalid_argument`
 */
export function chunkLayout(configuration: LatencyConfiguration): ChunkLayout {
  const { torus, strategy } = configuration
  const latency = blockLatency(configuration)
  const centre = centreAt(configuration)
  const byIndex = new Map(latency.perServer.map((server) => [satelliteIndex(torus, server), server]))
  const { los_slots, los_planes } = defaultParameters
  const window = new Set(
    strategy === 'hop'
      ? []
      : windowPositions(torus, centre, los_slots, los_planes).map((one) => satelliteIndex(torus, one)),
  )
  const most = latency.perServer.reduce((chunks, server) => Math.max(chunks, server.chunks), 0)
  const reach = (axis: 'slot' | 'plane', size: number): number =>
    latency.perServer.reduce(
      (far, server) => Math.max(far, Math.abs(shortestDelta(centre[axis], server[axis], size))),
      0,
    )
  const slots = drawn(centre.slot, torus.slots, reach('slot', torus.slots))
  const planes = drawn(centre.plane, torus.planes, reach('plane', torus.planes))
  const rows = planes.map((plane) =>
    slots.map((slot): LayoutCell => {
      const index = satelliteIndex(torus, { slot, plane })
      const server = byIndex.get(index) ?? null
      return {
        slot,
        plane,
        server,
        centre: samePosition({ slot, plane }, centre),
        inWindow: window.has(index),
        fill: server === null ? noFill : fillOf(server, latency, most),
      }
    }),
  )
  const shown = rows.flat().filter((cell) => cell.server !== null).length
  return {
    torus,
    centre,
    planes: rows,
    latency,
    chunks: latency.perServer.reduce((sum, { chunks }) => sum + chunks, 0),
    slowest: latency.perServer.reduce((a, b) => (b.timeS > a.timeS ? b : a)),
    isWhole: slots.length === torus.slots && planes.length === torus.planes,
    serversOutside: latency.perServer.length - shown,
  }
}

const noFill = { time: 0, chunks: 0 } as const
/** Fill of the fastest server: it must not look like a satellite that is none. */
const leastFill = 0.18

function fillOf(
  { timeS, chunks }: ServerLatency,
  { minS, maxS }: BlockLatency,
  most: number,
): LayoutCell['fill'] {
  const share = maxS > minS ? (timeS - minS) / (maxS - minS) : 1
  return { time: leastFill + (1 - leastFill) * share, chunks: most === 0 ? 0 : chunks / most }
}

/** Coordinates that are drawn along one direction: all of them in order, or those around the centre. */
function drawn(centre: number, size: number, reach: number): number[] {
  const margin = 2
  const across = Math.min(2 * (reach + margin) + 1, mostAcross)
  if (size <= wholeUpTo || across >= size) return Array.from({ length: size }, (_, i) => i)
  const first = centre - (across - 1) / 2
  return Array.from({ length: across }, (_, i) => wrap(first + i, size))
}

/** What a reader without the picture needs to know of a satellite. */
export function cellLabel({ slot, plane, server, centre, inWindow }: LayoutCell): string {
  const words = [`Slot ${slot}, plane ${plane}`]
  if (centre) words.push('centre')
  else if (inWindow) words.push('in the LOS window')
  words.push(server === null ? 'no server' : `server ${server.server}, ${server.chunks} chunks`)
  return words.join(', ')
}
