import { InvalidArgumentError } from 'commander'
import { constellationPresets, type ConstellationPresetName } from '#shared/constellation/presets'
import type { HandoverRule, Pass } from '#shared/constellation/orbits/sky-views'
import { parseOrbitOptions, type OrbitOptions } from '#shared/constellation/orbits/orbit-options'
import { parseWalkerNotation } from '#shared/constellation/orbits/walker-notation'
import type { WalkerPattern } from '#shared/constellation/orbits/walker'
import { SkyError } from '#shared/contract/errors'

/** The options of `skymemory orbits`, as commander reads them. */
export interface OrbitArguments {
  readonly preset?: ConstellationPresetName
  readonly walker?: string
  readonly altitude?: number
  readonly pattern?: WalkerPattern
  readonly tle?: string
  readonly inclination?: number
  readonly ground?: { readonly latitudeDeg: number; readonly longitudeDeg: number }
  readonly groundAltitude?: number
  readonly minElevation?: number
  readonly handover?: HandoverRule
  readonly pass?: Pass
  readonly start?: string
  readonly duration: number
  readonly step: number
  readonly json: boolean
  readonly csv: boolean
}

/** The orbits that the arguments name. @throws SkyError invalid_argument: none, several, or what does not belong together */
export function orbitsOf(given: OrbitArguments): OrbitOptions {
  const { preset, walker, altitude, pattern, tle, inclination, start } = given
  const hint = 'Choose one of --preset NAME, --walker i:T/P/F with --altitude METRES, and --tle FILE.'
  const named = [preset, walker, tle].filter((each) => each !== undefined).length
  if (named !== 1) {
    const message = named === 0 ? 'no orbits are named' : 'orbits are named more than once'
    throw new SkyError('invalid_argument', message, hint)
  }
  if (walker === undefined) refuse({ '--altitude': altitude, '--pattern': pattern }, 'without --walker', hint)
  if (tle === undefined) refuse({ '--inclination': inclination }, 'without --tle', hint)
  if (walker !== undefined) {
    if (altitude === undefined) throw new SkyError('invalid_argument', '--walker needs --altitude', hint)
    const { inclinationDeg, ...shape } = parseWalkerNotation(walker)
    return parseOrbitOptions({
      orbits: 'walker',
      ...shape,
      inclination_deg: inclinationDeg,
      altitude_m: altitude,
      ...(pattern === undefined ? {} : { walker_pattern: pattern }),
      ...groundOf(given),
    })
  }
  if (tle !== undefined) {
    return parseOrbitOptions({
      orbits: 'tle',
      tle_file: tle,
      ...(inclination === undefined ? {} : { inclination_deg: inclination }),
      ...(start === undefined ? {} : { tle_start: start }),
      ...groundOf(given),
    })
  }
  const { options } = constellationPresets[preset as ConstellationPresetName]
  if (options.orbits !== 'torus') return parseOrbitOptions({ ...options, ...groundOf(given) })
  const { ground, groundAltitude, minElevation, handover, pass } = given
  const meaningless = {
    '--ground': ground,
    '--ground-altitude': groundAltitude,
    '--min-elevation': minElevation,
    '--handover': handover,
    '--pass': pass,
  }
  refuse(
    meaningless,
    `with the preset ${preset}`,
    'The static torus has a centre and a window, but no ground.',
  )
  return parseOrbitOptions(options)
}

function groundOf({ ground, groundAltitude, minElevation, handover, pass }: OrbitArguments): object {
  if (ground === undefined) {
    const hint = 'Add --ground LAT,LON in degrees, such as --ground 40.0,-105.3.'
    throw new SkyError('invalid_argument', 'these orbits need a ground station', hint)
  }
  return {
    ground_lat_deg: ground.latitudeDeg,
    ground_lon_deg: ground.longitudeDeg,
    ...(groundAltitude === undefined ? {} : { ground_altitude_m: groundAltitude }),
    ...(minElevation === undefined ? {} : { min_elevation_deg: minElevation }),
    ...(handover === undefined ? {} : { handover }),
    ...(pass === undefined ? {} : { pass }),
  }
}

function refuse(options: Readonly<Record<string, unknown>>, where: string, hint: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw new SkyError('invalid_argument', `${name} has no meaning ${where}`, hint)
  }
}

export function latitudeAndLongitude(text: string): { latitudeDeg: number; longitudeDeg: number } {
  const found = /^([-+]?\d+(?:\.\d+)?),\s*([-+]?\d+(?:\.\d+)?)$/.exec(text)
  if (!found) throw new InvalidArgumentError('It must be LAT,LON in degrees, such as 40.0,-105.3.')
  return { latitudeDeg: Number(found[1]), longitudeDeg: Number(found[2]) }
}

/** A time with its zone, kept as text. */
export function instant(text: string): string {
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:\d\d)$/.test(text)
  if (isInstant && Number.isFinite(Date.parse(text))) return new Date(text).toISOString()
  throw new InvalidArgumentError('It must be a time with its zone, such as 2026-01-02T00:00:00Z.')
}

/** A parser for times in seconds. */
export function seconds(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a number of seconds from ${min} to ${max}.`)
  }
}
