import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { parseOrbitOptions } from './orbit-options'

const walker = {
  orbits: 'walker',
  slots: 22,
  planes: 72,
  altitude_m: 550_000,
  inclination_deg: 53,
  phasing: 65,
  ground_lat_deg: 40,
  ground_lon_deg: -105,
}
const torus = { orbits: 'torus', slots: 19, planes: 5, altitude_m: 550_000, centre_slot: 9, centre_plane: 2 }
const tle = { orbits: 'tle', tle_file: 'starlink.tle', ground_lat_deg: 40, ground_lon_deg: -105 }

function problem(value: unknown): string {
  try {
    parseOrbitOptions(value)
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'invalid_argument') return thrown.message
    throw thrown
  }
  throw new Error('it was accepted')
}

describe('options of orbits', () => {
  test('what is not said has a default', () => {
    expect(parseOrbitOptions(walker)).toEqual({
      ...walker,
      walker_pattern: 'delta',
      ground_altitude_m: 0,
      min_elevation_deg: 25,
      handover: 'highest',
      pass: 'any',
      sky_step_s: 1,
    })
    expect(parseOrbitOptions(torus)).toEqual({
      ...torus,
      geometry: 'default',
      los_slots: 3,
      los_planes: 3,
      rotation_period_s: 0,
    })
    expect(parseOrbitOptions({ ...tle, tle_start: '2026-01-02T00:00:00Z' })).toMatchObject(tle)
  })

  test.each([
    [{ ...walker, ground_lat_deg: 90.1 }, /ground_lat_deg is 90\.1: .*<=90/],
    [{ ...walker, ground_lat_deg: NaN }, /ground_lat_deg is NaN: /],
    [{ ...walker, ground_lon_deg: -181 }, /ground_lon_deg is -181: .*>=-180/],
    [{ ...walker, ground_lon_deg: Infinity }, /ground_lon_deg is Infinity: /],
    [{ ...walker, ground_altitude_m: -501 }, /ground_altitude_m is -501/],
    [{ ...walker, min_elevation_deg: 90 }, /min_elevation_deg is 90: .*<=89/],
    [{ ...walker, min_elevation_deg: -1 }, /min_elevation_deg is -1/],
    [{ ...walker, altitude_m: 0 }, /altitude_m is 0: .*>=1/],
    [{ ...walker, altitude_m: -550_000 }, /altitude_m is -550000/],
    [{ ...walker, inclination_deg: 181 }, /inclination_deg is 181/],
    [{ ...walker, slots: 0 }, /slots is 0/],
    [{ ...walker, planes: 7.5 }, /planes is 7\.5/],
    [{ ...walker, phasing: 72 }, /phasing is 72: must be below the number of planes, 72/],
    [{ ...walker, sky_step_s: 0 }, /sky_step_s is 0/],
    [{ ...walker, handover: 'never' }, /handover is "never"/],
    [{ ...walker, pass: undefined, ground_lat: 3 }, /ground_lat/],
    [{ ...torus, centre_slot: 19 }, /centre_slot is 19: must be below the number of slots, 19/],
    [{ ...torus, centre_plane: 5 }, /centre_plane is 5: must be below the number of planes, 5/],
    [{ ...torus, rotation_period_s: -1 }, /rotation_period_s is -1/],
    [{ ...tle, tle_file: '' }, /tle_file is ""/],
    [{ ...tle, tle_start: 'tomorrow' }, /tle_start is "tomorrow"/],
    [{ ...walker, orbits: 'kepler' }, /orbits is "kepler"/],
    [{ orbits: 'walker' }, /slots .*; planes .*; altitude_m .*ground_lat_deg/],
    [null, /wrong orbits/],
    [[], /wrong orbits/],
  ])('refuses %j', (value, message) => {
    expect(problem(value)).toMatch(message)
  })
})
