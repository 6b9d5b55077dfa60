import type { Torus } from './torus'

/** Earth's radius of the paper's model, m. */
export const earthRadiusM = 6_371_000

/** Speed of light by preset, m/s: `paper` is the rounded value of the authors' simulator. */
export const lightSpeeds = { default: 299_792_458, paper: 2.998e8 } as const
export type GeometryPreset = keyof typeof lightSpeeds

/** One of the four links of a satellite, named by where it leads. */
export type Direction = 'slot+' | 'slot-' | 'plane+' | 'plane-'
/** A link's kind: inside a plane, or between planes. */
export type LinkAxis = 'slot' | 'plane'

export interface GeometryOptions extends Torus {
  readonly altitudeM: number
  readonly preset: GeometryPreset
}

export interface Geometry {
  /** Length of a link between neighbours of one plane (d_M), m. */
  readonly intraPlaneM: number
  /** Length of a link between planes (d_N), m. */
  readonly interPlaneM: number
  readonly altitudeM: number
  readonly lightSpeedMPerS: number
  /** Length of an inter-satellite link, m. */
  readonly linkM: (direction: Direction | LinkAxis) => number
  /** Light time of one inter-satellite link, s. */
  readonly linkDelayS: (direction: Direction | LinkAxis) => number
  /** Distance from the ground host to the satellite that is this far from the centre, m. */
  readonly slantM: (deltaSlots: number, deltaPlanes: number) => number
  /** Light time of the ground link to that satellite, s. */
  readonly groundDelayS: (deltaSlots: number, deltaPlanes: number) => number
  /** Length of the way over links from the centre (model on board), m. */
  readonly pathM: (deltaSlots: number, deltaPlanes: number) => number
  /** Light time of that way, s. */
  readonly pathDelayS: (deltaSlots: number, deltaPlanes: number) => number
}

/** Chord between neighbours of a ring of `count` on the unit circle: 0 when there is no neighbour. */
function chord(count: number): number {
  return count === 1 ? 0 : Math.sqrt(2 * (1 - Math.cos((2 * Math.PI) / count)))
}

/** Distances and light times of the paper's model (section 4 of the design). Deltas are signed torus deltas. */
export function geometry({ slots, planes, altitudeM, preset }: GeometryOptions): Geometry {
  const radiusM = earthRadiusM + altitudeM
  const intraPlaneM = radiusM * chord(slots)
  const interPlaneM = radiusM * chord(planes)
  const lightSpeedMPerS = lightSpeeds[preset]

  const linkM = (direction: Direction | LinkAxis): number =>
    direction.startsWith('slot') ? intraPlaneM : interPlaneM
  // Products, not powers: the latency model's sweeps spend most of their time here.
  const slantM = (deltaSlots: number, deltaPlanes: number): number => {
    const acrossM = deltaPlanes * interPlaneM
    const alongM = deltaSlots * intraPlaneM
    return Math.sqrt(acrossM * acrossM + alongM * alongM + altitudeM * altitudeM)
  }
  const pathM = (deltaSlots: number, deltaPlanes: number): number =>
    Math.abs(deltaPlanes) * interPlaneM + Math.abs(deltaSlots) * intraPlaneM

  return {
    intraPlaneM,
    interPlaneM,
    altitudeM,
    lightSpeedMPerS,
    linkM,
    linkDelayS: (direction) => linkM(direction) / lightSpeedMPerS,
    slantM,
    groundDelayS: (deltaSlots, deltaPlanes) => slantM(deltaSlots, deltaPlanes) / lightSpeedMPerS,
    pathM,
    pathDelayS: (deltaSlots, deltaPlanes) => pathM(deltaSlots, deltaPlanes) / lightSpeedMPerS,
  }
}

/**
 * Ground distance squared per slot squared and per plane squared, in units of the shorter pitch.
 * Altitude only scales both, so which of two satellites is nearer does not depend on it.
 */
export function groundWeights(torus: Torus): { slot: number; plane: number } {
  if (torus.slots === torus.planes) return { slot: 1, plane: 1 }
  const slot = chord(torus.slots) ** 2
  const plane = chord(torus.planes) ** 2
  const unit = slot === 0 ? plane : plane === 0 ? slot : Math.min(slot, plane)
  return { slot: slot / unit, plane: plane / unit }
}
