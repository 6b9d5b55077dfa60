import { earthRadiusM } from './geometry'
import { orbitalPeriodS } from './orbits/earth'
import type { OrbitOptionsInput } from './orbits/orbit-options'

type TorusInput = Extract<OrbitOptionsInput, { orbits: 'torus' }>
type WalkerInput = Extract<OrbitOptionsInput, { orbits: 'walker' }>

/** What a preset says about a Walker constellation; the ground station is the user's. */
export type WalkerShape = Pick<
  WalkerInput,
  | 'orbits'
  | 'slots'
  | 'planes'
  | 'altitude_m'
  | 'inclination_deg'
  | 'walker_pattern'
  | 'phasing'
  | 'node_spread_deg'
>

export interface ConstellationPreset {
  readonly label: string
  /** Where the figures are published, and which of them are assumed. */
  readonly source: string
  readonly options: TorusInput | WalkerShape
}

const testbed = { slots: 19, planes: 5, altitudeM: 550_000 }

const walker = (
  planes: number,
  slots: number,
  altitudeKm: number,
  inclinationDeg: number,
  phasing: number,
): WalkerShape => ({
  orbits: 'walker',
  slots,
  planes,
  altitude_m: altitudeKm * 1000,
  inclination_deg: inclinationDeg,
  walker_pattern: 'delta',
  phasing,
})

/**
 * Operators do not publish the phasing of their shells. It is assumed to be the one that keeps satellites farthest apart,
 * by which Liang, Chaudhry and Yanikomeroglu (arXiv 2109.13994) find 11 for Kuiper's second shell.
 */
const assumedPhasing = 'phasing assumed: the one that keeps satellites farthest apart (arXiv 2109.13994)'
const kuiper = 'FCC 20-102 (2020) on SAT-LOA-20190704-00057'

export const constellationPresets = {
  '19x5': {
    label: "The paper's 19x5 torus",
    source:
      'arXiv 2505.14427: 5 planes of 19; the altitude is that of Starlink, a rotation takes a 19th of the orbital period',
    options: {
      orbits: 'torus',
      slots: testbed.slots,
      planes: testbed.planes,
      altitude_m: testbed.altitudeM,
      centre_slot: 9,
      centre_plane: 2,
      los_slots: 3,
      los_planes: 3,
      rotation_period_s: orbitalPeriodS(earthRadiusM + testbed.altitudeM) / testbed.slots,
    },
  },
  'starlink-1': {
    label: 'Starlink, shell 1',
    source: `FCC 21-48 (2021) on SAT-MOD-20200417-00037: 72 planes of 22, 550 km, 53.0°; ${assumedPhasing}`,
    options: walker(72, 22, 550, 53, 65),
  },
  'kuiper-1': {
    label: 'Kuiper, shell 1',
    source: `${kuiper}: 34 planes of 34, 630 km, 51.9°; ${assumedPhasing}`,
    options: walker(34, 34, 630, 51.9, 7),
  },
  'kuiper-2': {
    label: 'Kuiper, shell 2',
    source: `${kuiper}: 36 planes of 36, 610 km, 42°; ${assumedPhasing}`,
    options: walker(36, 36, 610, 42, 11),
  },
  'kuiper-3': {
    label: 'Kuiper, shell 3',
    source: `${kuiper}: 28 planes of 28, 590 km, 33°; ${assumedPhasing}`,
    options: walker(28, 28, 590, 33, 17),
  },
  oneweb: {
    label: 'OneWeb, first generation',
    source:
      'FCC SAT-LOI-20160428-00041: 1,200 km, 87.9°; as deployed 12 planes of 49, 15.225° apart (planes differ in altitude by some km, which is left out); phasing assumed: half a slot from plane to plane, as in the filing',
    options: {
      ...walker(12, 49, 1200, 87.9, 6),
      walker_pattern: 'star',
      node_spread_deg: 12 * 15.225,
    },
  },
} as const satisfies Record<string, ConstellationPreset>

export type ConstellationPresetName = keyof typeof constellationPresets
export const constellationPresetNames = Object.keys(constellationPresets) as ConstellationPresetName[]
