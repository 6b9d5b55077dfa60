import { describe, expect, test } from 'vitest'
import { buildSky } from './orbits/build-sky'
import { parseOrbitOptions } from './orbits/orbit-options'
import { leastSeparationM, safestPhasing } from './orbits/testing/separation'
import { constellationPresetNames, constellationPresets, type WalkerShape } from './presets'

const delta = (slots: number, planes: number, altitudeM: number, inclinationDeg: number) =>
  ({ torus: { slots, planes }, pattern: 'delta', altitudeM, inclinationDeg }) as const

describe('presets of constellations', () => {
  test('the safest phasing is found as published for two shells', () => {
    // arXiv 2109.13994, with an equatorial radius of Earth: 61.83 km and 55.89 km.
    const toEquatorial = (altitudeM: number): number => (6_378_137 + altitudeM) / (6_371_000 + altitudeM)
    const starlink = safestPhasing(delta(72, 22, 550_000, 53))
    expect(starlink.phasing).toBe(17)
    expect((starlink.leastM * toEquatorial(550_000)) / 1000).toBeCloseTo(61.83, 2)
    const kuiper = safestPhasing(delta(36, 36, 610_000, 42))
    expect(kuiper.phasing).toBe(11)
    expect((kuiper.leastM * toEquatorial(610_000)) / 1000).toBeCloseTo(55.89, 2)
  })

  test.each(['starlink-1', 'kuiper-1', 'kuiper-2', 'kuiper-3'] as const)(
    'the phasing of %s is the safest',
    (name) => {
      const { slots, planes, altitude_m, inclination_deg, phasing } = constellationPresets[name].options
      const walker = delta(slots, planes, altitude_m, inclination_deg)
      expect(safestPhasing(walker)).toEqual({ phasing, leastM: leastSeparationM({ ...walker, phasing }) })
    },
  )

  test.each([
    ['starlink-1', 1584],
    ['kuiper-1', 1156],
    ['kuiper-2', 1296],
    ['kuiper-3', 784],
    ['oneweb', 588],
  ] as const)('%s has %i satellites, in sight where it serves', (name, satellites) => {
    const options: WalkerShape = constellationPresets[name].options
    const { sky } = buildSky(
      parseOrbitOptions({ ...options, ground_lat_deg: 30, ground_lon_deg: 10, min_elevation_deg: 20 }),
    )
    expect(sky.torus.slots * sky.torus.planes).toBe(satellites)
    expect(sky.warnings).toEqual([])
    let covered = 0
    for (let tS = 0; tS < 6000; tS += 60) covered += sky.viewAt(tS).centre === null ? 0 : 1
    expect(covered).toBe(100)
  })

  test('the 19x5 torus turns by a slot every 301.6 s', () => {
    const { sky } = buildSky(parseOrbitOptions(constellationPresets['19x5'].options))
    expect(sky.viewAt(0)).toMatchObject({ centre: { slot: 9, plane: 2 }, epoch: 0 })
    expect(sky.viewAt(0).untilS).toBeCloseTo(301.59, 1)
  })

  test('each says where its figures come from', () => {
    for (const name of constellationPresetNames)
      expect(constellationPresets[name].source.length).toBeGreaterThan(30)
  })
})
