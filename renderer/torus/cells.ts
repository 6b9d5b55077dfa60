import { satelliteIndex, type Position } from '#shared/constellation/torus'
import type { ConstellationSnapshot } from '#shared/contract/console-api'
import { formatBytes, formatInteger, formatRate } from '../format/units'
import type { SatelliteRates } from './rates'

export const fillModes = ['bytes', 'traffic', 'evictions'] as const
/** What the fill of a satellite shows. */
export type FillMode = (typeof fillModes)[number]

/** One satellite as the grid draws it. */
export interface Cell {
  readonly index: number
  readonly slot: number
  readonly plane: number
  readonly centre: boolean
  readonly inWindow: boolean
  readonly server: number | null
  readonly failed: boolean
  /** 0..1 */
  readonly fill: number
  /** Packets a second against the busiest satellite's, 0..1. */
  readonly traffic: number
  /** What the fill stands for, as a short number. */
  readonly value: string
  readonly label: string
}

export function fillLabel(mode: FillMode): string {
  switch (mode) {
    case 'bytes':
      return 'Bytes stored'
    case 'traffic':
      return 'Packets per second'
    case 'evictions':
      return 'Evictions'
  }
}

/** The grid's cells, plane by plane, slots ascending. */
export function cellsOf(
  snapshot: ConstellationSnapshot,
  rates: SatelliteRates | null,
  mode: FillMode,
): Cell[] {
  const torus = { slots: snapshot.slots, planes: snapshot.planes }
  const servers = new Map(snapshot.servers.map((one, k) => [satelliteIndex(torus, one), k]))
  const window = new Set(snapshot.window.map((one) => satelliteIndex(torus, one)))
  const centre = satelliteIndex(torus, snapshot.centre)
  const mostEvictions = Math.max(1, ...snapshot.satellites.map((one) => one.evictions))
  const mostBytes = Math.max(1, ...snapshot.satellites.map((one) => one.bytes))

  return snapshot.satellites
    .map((one, i): Cell => {
      const index = satelliteIndex(torus, one)
      const perSecond = rates ? rates.gets[i]! + rates.sets[i]! + rates.forwarded[i]! : 0
      const traffic = rates ? perSecond / rates.busiest : 0
      const server = servers.get(index) ?? null
      const fills: Record<FillMode, number> = {
        // Against the fullest satellite: against the budget, a short experiment would look empty.
        bytes: one.bytes / mostBytes,
        traffic,
        evictions: one.evictions / mostEvictions,
      }
      const values: Record<FillMode, string> = {
        bytes: one.bytes === 0 ? '' : formatBytes(one.bytes),
        traffic: perSecond === 0 ? '' : formatRate(perSecond),
        evictions: one.evictions === 0 ? '' : formatInteger(one.evictions),
      }
      const words = [`Slot ${one.slot}, plane ${one.plane}`]
      if (one.failed) words.push('failed')
      if (index === centre) words.push('centre')
      else if (window.has(index)) words.push('in the LOS window')
      if (server !== null) words.push(`server ${server}`)
      words.push(`${formatBytes(one.bytes)} stored`)
      if (rates) words.push(`${formatRate(perSecond)} packets`)
      return {
        index,
        slot: one.slot,
        plane: one.plane,
        centre: index === centre,
        inWindow: window.has(index),
        server,
        failed: one.failed,
        fill: fills[mode],
        value: values[mode],
        traffic,
        label: words.join(', '),
      }
    })
    .sort((a, b) => a.index - b.index)
}

export interface CellSize {
  readonly width: number
  readonly height: number
  readonly gap: number
}

/** Size of a cell and gap between cells, px, so that the whole torus fits; cells may be somewhat taller than wide. */
export function cellSize(
  torus: { slots: number; planes: number },
  room: { width: number; height: number },
): CellSize {
  const largest = 112
  const smallest = 6
  const tallest = 1.5
  const across = room.width / torus.slots
  const down = room.height / torus.planes
  const pitch = Math.min(across, down)
  const gap = pitch >= 44 ? 10 : pitch >= 26 ? 6 : pitch >= 14 ? 3 : 2
  const side = (room: number): number => Math.max(smallest, Math.min(largest, Math.floor(room - gap)))
  const width = side(Math.min(across, down * tallest))
  return { width, height: side(Math.min(down, (width + gap) * tallest)), gap }
}

/** Where an arrow key leads: the torus has no edge. Null for other keys. */
export function moveOn(
  torus: { slots: number; planes: number },
  from: Position,
  key: string,
): Position | null {
  const { slots, planes } = torus
  switch (key) {
    case 'ArrowRight':
      return { ...from, slot: (from.slot + 1) % slots }
    case 'ArrowLeft':
      return { ...from, slot: (from.slot + slots - 1) % slots }
    case 'ArrowDown':
      return { ...from, plane: (from.plane + 1) % planes }
    case 'ArrowUp':
      return { ...from, plane: (from.plane + planes - 1) % planes }
    case 'Home':
      return { ...from, slot: 0 }
    case 'End':
      return { ...from, slot: slots - 1 }
    case 'PageUp':
      return { ...from, plane: 0 }
    case 'PageDown':
      return { ...from, plane: planes - 1 }
    default:
      return null
  }
}
