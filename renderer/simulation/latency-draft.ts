import type { GeometryPreset } from '#shared/constellation/geometry'
import { constellationPresetNames, constellationPresets } from '#shared/constellation/presets'
import type { VariedParameter } from '#shared/simulation/sweep/vary'

/** Single values of the form, in its order. */
export const draftFields = [
  'slots',
  'planes',
  'centreSlot',
  'centrePlane',
  'altitude',
  'rotations',
  'servers',
  'kvcBytes',
  'chunkBytes',
  'chunkProcessingTime',
] as const
export type DraftField = (typeof draftFields)[number]

/** The latency form as it is typed: text, so that what is wrong can stay in sight. */
export interface LatencyDraft extends Readonly<Record<DraftField, string>> {
  /** A preset's id, or `own` after a change. */
  readonly preset: string
  readonly geometry: GeometryPreset
  /** What each figure varies, as a list. */
  readonly along: Readonly<Record<VariedParameter, string>>
}

export interface LatencyPreset {
  readonly id: string
  readonly label: string
  readonly help: string
  readonly draft: LatencyDraft
}

export const ownPreset = 'own'

/** The sweep of the paper's figures; everything that does not vary stands at the last value of its list. */
const paper: LatencyDraft = {
  preset: 'paper',
  geometry: 'paper',
  slots: '15',
  planes: '15',
  centreSlot: '7',
  centrePlane: '7',
  altitude: '1920 km',
  rotations: '0',
  servers: '81',
  kvcBytes: '21 MiB',
  chunkBytes: '12288 B',
  chunkProcessingTime: '20 ms',
  along: {
    KVC_BYTES: '1:21:1 MiB',
    SERVERS: '9, 25, 49, 81',
    CHUNK_PROCESSING_TIME: '2:20:2 ms',
    ALTITUDE: '160:1920:220 km',
  },
}

const asInPaper =
  'Everything else as in the paper’s sweep. The model knows a regular torus: inclination and phasing have no part in it.'

export const latencyPresets: readonly LatencyPreset[] = [
  {
    id: 'paper',
    label: "Paper's sweep, 15 × 15",
    help: 'The torus, the constants and the values of the paper’s figures.',
    draft: paper,
  },
  ...constellationPresetNames.map((id): LatencyPreset => {
    const { label, options } = constellationPresets[id]
    const { slots, planes } = options
    return {
      id,
      label: `${label}, ${slots} × ${planes}`,
      help: asInPaper,
      draft: {
        ...paper,
        preset: id,
        geometry: 'default',
        slots: String(slots),
        planes: String(planes),
        centreSlot: String(Math.floor(slots / 2)),
        centrePlane: String(Math.floor(planes / 2)),
        altitude: `${options.altitude_m / 1000} km`,
      },
    }
  }),
]

export const firstDraft = paper
