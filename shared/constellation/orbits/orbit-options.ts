import { z } from 'zod'
import { SkyError } from '../../contract/errors'
import { handoverRules, passes } from './sky-views'

/**
 * What an experiment says about orbits: flat, in the names of its YAML keys. `torus` is the paper's model; `walker` and
 * `tle` are real orbits over a ground station.
 */
const sideMax = 65_534
const grid = { slots: z.int().min(1).max(sideMax), planes: z.int().min(1).max(sideMax) }
const altitude = { altitude_m: z.number().min(1).max(100_000_000) }

const ground = {
  ground_lat_deg: z.number().min(-90).max(90),
  ground_lon_deg: z.number().min(-180).max(180),
  ground_altitude_m: z.number().min(-500).max(9_000).default(0),
  /** 25° is what the filings of Starlink name as its least; a satellite at 90° would be in sight for no time at all. */
  min_elevation_deg: z.number().min(0).max(89).default(25),
  handover: z.enum(handoverRules).default('highest'),
  pass: z.enum(passes).default('any'),
  /** In 60 s a low satellite crosses a quarter of its time in sight; rarer looks would miss whole passes. */
  sky_step_s: z.number().min(0.1).max(60).default(1),
}

const torusOptions = z.strictObject({
  orbits: z.literal('torus'),
  ...grid,
  ...altitude,
  geometry: z.enum(['default', 'paper']).default('default'),
  centre_slot: z
    .int()
    .min(0)
    .max(sideMax - 1),
  centre_plane: z
    .int()
    .min(0)
    .max(sideMax - 1),
  los_slots: z.int().min(1).max(sideMax).default(3),
  los_planes: z.int().min(1).max(sideMax).default(3),
  rotation_period_s: z.number().min(0).max(86_400).default(0),
})

const walkerOptions = z.strictObject({
  orbits: z.literal('walker'),
  ...grid,
  ...altitude,
  inclination_deg: z.number().min(0).max(180),
  walker_pattern: z.enum(['delta', 'star']).default('delta'),
  phasing: z.int().min(0),
  /** Degrees of the equator over which the nodes spread: 360 for a delta, 180 for a star unless it says otherwise. */
  node_spread_deg: z.number().min(0).max(360).optional(),
  ...ground,
})

const tleOptions = z.strictObject({
  orbits: z.literal('tle'),
  tle_file: z.string().min(1),
  /** ISO 8601 with a time zone; absent = the time of the latest element set. */
  tle_start: z.iso.datetime({ offset: true }).optional(),
  /** Only satellites of about this inclination; absent = the largest shell of the file. */
  inclination_deg: z.number().min(0).max(180).optional(),
  ...ground,
})

export const orbitOptions = z
  .discriminatedUnion('orbits', [torusOptions, walkerOptions, tleOptions])
  .superRefine((options, context) => {
    const outside = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message })
    }
    if (options.orbits === 'walker' && options.phasing >= options.planes) {
      outside('phasing', `must be below the number of planes, ${options.planes}`)
    }
    if (options.orbits === 'torus' && options.centre_slot >= options.slots) {
      outside('centre_slot', `must be below the number of slots, ${options.slots}`)
    }
    if (options.orbits === 'torus' && options.centre_plane >= options.planes) {
      outside('centre_plane', `must be below the number of planes, ${options.planes}`)
    }
  })

export type OrbitOptions = z.output<typeof orbitOptions>
export type OrbitOptionsInput = z.input<typeof orbitOptions>

/** @throws SkyError invalid_argument: every option that is wrong, with its value and what is allowed */
export function parseOrbitOptions(value: unknown): OrbitOptions {
  const parsed = orbitOptions.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => {
    const key = path.join('.')
    const given = key === '' ? undefined : (value as Record<string, unknown>)[key]
    // NaN and the infinities have no JSON of their own.
    const told = typeof given === 'number' ? String(given) : JSON.stringify(given)
    return given === undefined ? `${key} ${message}`.trim() : `${key} is ${told}: ${message}`
  })
  throw new SkyError(
    'invalid_argument',
    `wrong orbits: ${problems.join('; ')}`,
    'docs/orbits.md lists all options.',
  )
}

/** Every option's name; `docs/orbits.md` explains each. */
export const orbitOptionNames: readonly string[] = [
  ...new Set([torusOptions, walkerOptions, tleOptions].flatMap(({ shape }) => Object.keys(shape))),
]
