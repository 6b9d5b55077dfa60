import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { hopDistance, satelliteIndex } from '../torus'
import { buildSky, type BuiltSky } from './build-sky'
import { parseOrbitOptions, type OrbitOptionsInput } from './orbit-options'
import { tleFile, walkerElements, walkerTleStartMs, type Elements } from './testing/make-tle'
import type { Walker } from './walker'

const shell: Walker = {
  torus: { slots: 22, planes: 24 },
  pattern: 'delta',
  altitudeM: 550_000,
  inclinationDeg: 53,
  phasing: 5,
}
const ground = { ground_lat_deg: 48.1, ground_lon_deg: 11.6, min_elevation_deg: 10 }
const start = new Date(walkerTleStartMs).toISOString()

type TleInput = Partial<Extract<OrbitOptionsInput, { orbits: 'tle' }>>
function skyOf(satellites: readonly Elements[], more: TleInput = {}): Extract<BuiltSky, { kind: 'tle' }> {
  const options = parseOrbitOptions({
    orbits: 'tle',
    tle_file: 'test.tle',
    tle_start: start,
    ...ground,
    ...more,
  })
  const built = buildSky(options, tleFile(satellites))
  if (built.kind !== 'tle') throw new Error('these are options of TLEs')
  return built
}

describe('a sky of element sets', () => {
  test('the element sets of a Walker constellation make its grid, with links as long', () => {
    const { sky } = skyOf(walkerElements(shell))
    expect(sky.torus).toEqual(shell.torus)
    expect([sky.warnings, sky.absentLinks]).toEqual([[], []])
    expect(new Set(sky.names).size).toBe(22 * 24)
    const walker = buildSky(
      parseOrbitOptions({
        ...{ orbits: 'walker', slots: 22, planes: 24, altitude_m: 550_000, inclination_deg: 53, phasing: 5 },
        ...ground,
      }),
    ).sky
    // SGP4 knows the oblateness of Earth, which moves satellites by some km from circles.
    for (const tS of [0, 600, 3000]) {
      for (let plane = 0; plane < 24; plane++) {
        const at = satelliteIndex(sky.torus, { slot: 3, plane })
        const across = satelliteIndex(sky.torus, { slot: 3, plane: (plane + 1) % 24 })
        const inPlaneM = sky.linkDistanceM(at, at + 1, tS)
        expect(Math.abs(inPlaneM / walker.linkDistanceM(0, 1, tS) - 1)).toBeLessThan(0.02)
        expect(sky.linkDistanceM(at, across, tS)).toBeLessThan(3_500_000)
      }
    }
  })

  test('the centre goes from neighbour to neighbour while one pass is followed, not when any satellite will do', () => {
    const farthest = (pass: 'any' | 'ascending'): number => {
      const { sky } = skyOf(walkerElements(shell), { pass, ground_lat_deg: 10, min_elevation_deg: 5 })
      let links = 0
      for (let view = sky.viewAt(0); view.fromS < 6000; view = sky.viewAt(view.untilS)) {
        const next = sky.viewAt(view.untilS).placementCentre
        if (view.placementCentre === null || next === null) throw new Error('there is always one in sight')
        links = Math.max(links, hopDistance(sky.torus, view.placementCentre, next))
      }
      return links
    }
    expect(farthest('ascending')).toBeLessThan(4)
    // Satellites that go up and those that come down are neighbours in the sky, but on far sides of the torus.
    expect(farthest('any')).toBeGreaterThan(10)
  })

  test('starts at the latest element set when no start is named', () => {
    const satellites = walkerElements(shell).map((each, i) => ({ ...each, epochDay: i === 7 ? 2.5 : 2 }))
    const options = parseOrbitOptions({ orbits: 'tle', tle_file: 'test.tle', ...ground })
    expect(buildSky(options, tleFile(satellites))).toMatchObject({ startMs: walkerTleStartMs + 43_200_000 })
  })

  test('warns of old element sets', () => {
    const { sky } = skyOf(walkerElements(shell), { tle_start: '2026-01-12T00:00:00+02:00' })
    expect(sky.warnings).toEqual([
      '528 of 528 element sets are more than 7 days away from the start (up to 9.9): SGP4 loses about 1 to 3 km a day.',
    ])
  })

  test('says which satellites are left out', () => {
    const satellites = walkerElements(shell)
    const other = walkerElements({ ...shell, torus: { slots: 3, planes: 24 }, inclinationDeg: 70 })
    const renamed = other.map((each, i) => ({ ...each, catalogueNumber: 5000 + i }))
    const { sky } = skyOf([...satellites.slice(5), ...renamed])
    expect(sky.torus).toEqual({ slots: 22, planes: 23 })
    expect(sky.warnings[0]).toBe(
      '506 of 595 satellites form the grid of 23 planes of 22; left out: 72 of other shells or off station, 17 in planes of fewer than 22.',
    )
    const chosen = skyOf([...satellites, ...renamed], { inclination_deg: 70 }).sky
    expect(chosen.torus).toEqual({ slots: 3, planes: 24 })
    expect(chosen.warnings[0]).toMatch(/528 of another inclination/)
  })

  test('a star has no links over its seam, and planes far apart are told', () => {
    const star: Walker = { ...shell, pattern: 'star', torus: { slots: 12, planes: 6 }, inclinationDeg: 87.9 }
    const { sky } = skyOf(walkerElements({ ...star, phasing: 3, altitudeM: 1_200_000 }))
    expect(sky.absentLinks).toHaveLength(12)
    expect(sky.absentLinks[0]).toEqual({ slot: 0, plane: 5, direction: 'plane' })
    const wide = skyOf(walkerElements({ ...shell, torus: { slots: 19, planes: 5 }, phasing: 0 })).sky
    expect(wide.warnings).toEqual([
      expect.stringMatching(/^\d+ of 190 inter-satellite links cross the atmosphere or Earth at the start/),
    ])
  })

  test('a satellite that SGP4 cannot follow to the start is left out; when none is left, that is an error', () => {
    const [first, ...others] = walkerElements(shell)
    // An orbit through Earth.
    const buried = { ...(first as Elements), revolutionsPerDay: 17.4 }
    expect(skyOf([buried, ...others]).sky.warnings[0]).toMatch(/1 SGP4 cannot follow them/)
    expect(() => skyOf([buried])).toThrow(SkyError)
    expect(() => skyOf([buried])).toThrow(/SGP4 cannot follow any of 1 satellites to 2026-01-02/)
    expect(() => skyOf(others, { inclination_deg: 97 })).toThrow(
      /none of 527 satellites has an inclination within 0\.5° of 97°/,
    )
  })
})
