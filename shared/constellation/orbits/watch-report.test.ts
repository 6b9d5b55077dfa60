import { expect, test } from 'vitest'
import { buildSky } from './build-sky'
import { parseOrbitOptions } from './orbit-options'
import { watch } from './watch-report'

const torus = {
  ...{ orbits: 'torus', slots: 19, planes: 5, altitude_m: 550_000, centre_slot: 1, centre_plane: 2 },
  rotation_period_s: 4,
}
const lone = {
  ...{ orbits: 'walker', slots: 1, planes: 1, phasing: 0, altitude_m: 550_000, inclination_deg: 90 },
  ...{ ground_lat_deg: 90, ground_lon_deg: 0, min_elevation_deg: 0, sky_step_s: 1 },
}

test('the static torus hands over at each rotation, the last one at the very end too', () => {
  const { sky } = buildSky(parseOrbitOptions(torus))
  const { samples, handovers, gapS } = watch(sky, { durationS: 12, everyS: 5, elevationDeg: null })
  expect(samples.map(({ tS, epoch, centre, inSight }) => [tS, epoch, centre?.slot, inSight])).toEqual([
    [0, 0, 1, 9],
    [5, 1, 0, 9],
    [10, 2, 18, 9],
  ])
  expect(samples.every(({ slantM, elevationDeg }) => slantM === 550_000 && elevationDeg === null)).toBe(true)
  expect(
    handovers.map(({ tS, from, to, deltaSlots, deltaPlanes }) => [
      tS,
      from.slot,
      to.slot,
      deltaSlots,
      deltaPlanes,
    ]),
  ).toEqual([
    [4, 1, 0, -1, 0],
    [8, 0, 18, -1, 0],
    [12, 18, 17, -1, 0],
  ])
  expect(gapS).toBe(0)
})

test('gaps are counted up to the end, and are no hand-overs', () => {
  const built = buildSky(parseOrbitOptions(lone))
  if (built.kind !== 'walker') throw new Error('a Walker constellation was asked for')
  const { sky } = built
  const { samples, handovers, gapS } = watch(sky, {
    durationS: 2000,
    everyS: 1,
    elevationDeg: (satellite, tS) => sky.elevationDeg(satellite, tS),
  })
  expect(handovers).toEqual([])
  const absent = samples.filter(({ centre }) => centre === null)
  expect(absent.length).toBeGreaterThan(500)
  // One sample a second, and one more at the end.
  expect(Math.abs(absent.length - gapS)).toBeLessThanOrEqual(1)
  for (const { centre, elevationDeg, slantM, inSight } of samples) {
    if (centre === null) expect([elevationDeg, slantM, inSight]).toEqual([null, null, 0])
    else expect(elevationDeg).toBeGreaterThan(-0.1)
  }
})
