import type { GroundStation } from './ground-station'
import type { OrbitalSky } from './orbital-sky'
import type { OrbitOptions } from './orbit-options'
import type { Sky } from './sky'
import { staticTorus } from './static-torus'
import { parseTle } from './tle-file'
import { tleSky, type TleSky } from './tle-sky'
import { walkerSky, type Watching } from './walker-sky'

export type BuiltSky =
  | { readonly kind: 'torus'; readonly sky: Sky }
  | { readonly kind: 'walker'; readonly sky: OrbitalSky }
  /** `startMs`: the moment that is 0 s, ms since 1970-01-01 UTC. */
  | { readonly kind: 'tle'; readonly sky: TleSky; readonly startMs: number }

/**
 * The sky of checked options (`parseOrbitOptions`).
 * @param tleText the content of `tle_file`; needed for `tle` only
 * @throws SkyError invalid_argument: element sets that are damaged or that SGP4 cannot follow
 */
export function buildSky(options: OrbitOptions, tleText = ''): BuiltSky {
  switch (options.orbits) {
    case 'torus':
      return {
        kind: 'torus',
        sky: staticTorus({
          torus: { slots: options.slots, planes: options.planes },
          altitudeM: options.altitude_m,
          preset: options.geometry,
          centre: { slot: options.centre_slot, plane: options.centre_plane },
          losSlots: options.los_slots,
          losPlanes: options.los_planes,
          rotationPeriodS: options.rotation_period_s,
        }),
      }
    case 'walker': {
      const walker = {
        torus: { slots: options.slots, planes: options.planes },
        pattern: options.walker_pattern,
        altitudeM: options.altitude_m,
        inclinationDeg: options.inclination_deg,
        phasing: options.phasing,
        ...(options.node_spread_deg === undefined ? {} : { nodeSpreadDeg: options.node_spread_deg }),
      }
      return { kind: 'walker', sky: walkerSky(walker, stationOf(options), watchingOf(options)) }
    }
    case 'tle': {
      const sets = parseTle(tleText, options.tle_file)
      const startMs =
        options.tle_start === undefined
          ? Math.max(...sets.map(({ epochMs }) => epochMs))
          : Date.parse(options.tle_start)
      const inclinationDeg = options.inclination_deg ?? null
      const [station, watching] = [stationOf(options), watchingOf(options)]
      return { kind: 'tle', sky: tleSky({ sets, startMs, inclinationDeg, station, watching }), startMs }
    }
  }
}

type OverGround = Exclude<OrbitOptions, { orbits: 'torus' }>

function stationOf(options: OverGround): GroundStation {
  return {
    latitudeDeg: options.ground_lat_deg,
    longitudeDeg: options.ground_lon_deg,
    altitudeM: options.ground_altitude_m,
    minElevationDeg: options.min_elevation_deg,
  }
}

function watchingOf({ handover, pass, sky_step_s }: OverGround): Watching {
  return { handover, pass, stepS: sky_step_s }
}
