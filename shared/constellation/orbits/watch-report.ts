import { satelliteIndex, shortestDelta, type Position } from '../torus'
import type { Sky } from './sky'

/** What is overhead at one time; fields of the centre are null in a gap, the elevation also on the static torus. */
export interface SkySample {
  readonly tS: number
  readonly epoch: number
  readonly centre: Position | null
  readonly inSight: number
  readonly elevationDeg: number | null
  readonly slantM: number | null
}

/** The placement's centre changes; deltas are the shorter way around the torus. */
export interface Handover {
  readonly tS: number
  readonly from: Position
  readonly to: Position
  readonly deltaSlots: number
  readonly deltaPlanes: number
}

export interface WatchReport {
  readonly samples: readonly SkySample[]
  readonly handovers: readonly Handover[]
  /** Time without any satellite in sight that may be the centre, s. */
  readonly gapS: number
}

export interface WatchOptions {
  readonly durationS: number
  /** Time between two samples, s; the first is at 0. */
  readonly everyS: number
  /** How high a satellite stands, where the sky knows it. */
  readonly elevationDeg: ((satellite: number, tS: number) => number) | null
}

/** Watches a sky from the start on: samples at equal times, every hand-over up to the end, and how long nothing was there. */
export function watch(sky: Sky, { durationS, everyS, elevationDeg }: WatchOptions): WatchReport {
  const samples: SkySample[] = []
  for (let n = 0; n * everyS <= durationS; n++) samples.push(sampleAt(sky, n * everyS, elevationDeg))

  const handovers: Handover[] = []
  let gapS = 0
  for (let view = sky.viewAt(0); ;) {
    if (view.centre === null) gapS += Math.min(view.untilS, durationS) - view.fromS
    if (view.untilS > durationS) return { samples, handovers, gapS }
    const next = sky.viewAt(view.untilS)
    const [from, to] = [view.placementCentre, next.placementCentre]
    if (next.epoch !== view.epoch && from !== null && to !== null) {
      handovers.push({
        tS: next.fromS,
        from,
        to,
        deltaSlots: shortestDelta(from.slot, to.slot, sky.torus.slots),
        deltaPlanes: shortestDelta(from.plane, to.plane, sky.torus.planes),
      })
    }
    view = next
  }
}

function sampleAt(sky: Sky, tS: number, elevationDeg: WatchOptions['elevationDeg']): SkySample {
  const { epoch, centre, window } = sky.viewAt(tS)
  const seen = { tS, epoch, centre, inSight: window.length }
  if (centre === null) return { ...seen, elevationDeg: null, slantM: null }
  const satellite = satelliteIndex(sky.torus, centre)
  return {
    ...seen,
    elevationDeg: elevationDeg === null ? null : elevationDeg(satellite, tS),
    slantM: sky.groundDistanceM(satellite, tS),
  }
}
