import { ecfToLookAngles, eciToEcf, gstime, propagate } from 'satellite.js'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { earthRotationRadPerS, toDegrees, toRadians } from './earth'
import { origin } from './ephemeris'
import { orbitalSky } from './orbital-sky'
import { Propagator, sgp4Ephemeris } from './sgp4-ephemeris'
import { parseTle, type ElementSet } from './tle-file'

const setOf = (...lines: [string, string]): ElementSet => parseTle(lines.join('\n'), 'test')[0] as ElementSet

const vanguard = setOf(
  '1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753',
  '2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667',
)
const debris = setOf(
  '1 06251U 62025E   06176.82412014  .00008885  00000-0  12808-3 0  3985',
  '2 06251  58.0579  54.0425 0030035 139.1568 221.1854 15.56387291  6774',
)
const cbers = setOf(
  '1 28057U 03049A   06177.78615833  .00000060  00000-0  35940-4 0  1836',
  '2 28057  98.4283 247.6961 0000884  88.1964 271.9322 14.35478080140550',
)
const molniya = setOf(
  '1 08195U 75081A   06176.33215444  .00000099  00000-0  11873-3 0   813',
  '2 08195  64.1586 279.0717 6877146 264.7651  20.2257  2.00491383225656',
)

/** Minutes from the epoch, then position (km) and velocity (km/s): the published output of AIAA 2006-6753 (tcppver.out). */
const published: [string, ElementSet, [number, number, number, number, number, number, number][]][] = [
  [
    'VANGUARD 1',
    vanguard,
    [
      [0, 7022.46529266, -1400.08296755, 0.03995155, 1.893841015, 6.405893759, 4.53480725],
      [360, -7154.03120202, -3783.17682504, -3536.19412294, 4.741887409, -4.151817765, -2.093935425],
      [1440, -938.55923943, -6268.18748831, -4294.02924751, 7.536105209, -0.427127707, 0.98987808],
      [4320, -9060.47373569, 4658.70952502, 813.68673153, -2.232832783, -4.11045349, -3.157345433],
    ],
  ],
  [
    'DELTA 1 DEB (low orbit with drag)',
    debris,
    [
      [0, 3988.31022699, 5498.96657235, 0.90055879, -3.290032738, 2.35765282, 6.496623475],
      [120, -3935.69800083, 409.10980837, 5471.33577327, -3.374784183, -6.635211043, -1.942056221],
      [960, -4990.9163795, -2303.4254788, 3920.86335598, -0.993439372, -5.96745836, -4.759110856],
    ],
  ],
  [
    'CBERS 2 (near-circular polar orbit)',
    cbers,
    [
      [0, -2715.28237486, -6619.26436889, -0.01341443, -1.008587273, 0.422782003, 7.385272942],
      [240, 1483.17364291, 5395.21248786, 4448.65907172, 2.560540387, 4.039025766, -5.736648561],
      [360, 2801.25607157, 5455.03931333, -3692.12865695, -0.595095864, -3.951923117, -6.298799125],
    ],
  ],
  [
    'MOLNIYA 2-14 (deep space, resonant)',
    molniya,
    [
      [0, 2349.8948335, -14785.93811562, 0.02119378, 2.721488096, -3.256811655, 4.498416672],
      [600, 3333.05838525, 18395.31728674, 12738.25031238, -1.882432221, -0.611623333, -4.039586549],
      [1320, 3148.86165643, 18323.19841703, 12305.75195578, -1.895271701, -0.678343847, -4.086577951],
    ],
  ],
]

describe('SGP4', () => {
  test.each(published)('%s is where the published verification puts it', (_, set, rows) => {
    const propagator = new Propagator(set, set.epochMs)
    const ephemeris = sgp4Ephemeris([propagator], set.epochMs)
    const siderealRad = gstime(set.epochMs / 86_400_000 + 2_440_587.5)
    for (const [minutes, x, y, z, ...velocity] of rows) {
      const state = propagator.stateAt(minutes * 60)
      ;[x, y, z].forEach((km, i) => expect((state?.positionM[i] ?? NaN) / 1000).toBeCloseTo(km, 7))
      velocity.forEach((km, i) => expect((state?.velocityMPerS[i] ?? NaN) / 1000).toBeCloseTo(km, 8))
      // The ephemeris turns the same point with Earth.
      const point = origin()
      ephemeris.locate(0, minutes * 60, point)
      const turned = siderealRad + earthRotationRadPerS * minutes * 60
      expect((point.x * Math.cos(turned) - point.y * Math.sin(turned)) / 1000).toBeCloseTo(x, 6)
      expect((point.x * Math.sin(turned) + point.y * Math.cos(turned)) / 1000).toBeCloseTo(y, 6)
      expect(point.z / 1000).toBeCloseTo(z, 6)
    }
  })

  test.each([
    ['a low orbit', cbers, 0.1],
    ['a very eccentric orbit', molniya, 5],
  ])('between its knots, %s is near to what SGP4 says', (_, set, limitM) => {
    const siderealRad = gstime(set.epochMs / 86_400_000 + 2_440_587.5)
    const ephemeris = sgp4Ephemeris([new Propagator(set, set.epochMs)], set.epochMs)
    const direct = new Propagator(set, set.epochMs)
    let worstM = 0
    for (let tS = 0.5; tS < 43_200; tS += 7.7) {
      const [x, y, z] = direct.stateAt(tS)?.positionM ?? [NaN, NaN, NaN]
      const point = origin()
      ephemeris.locate(0, tS, point)
      const turned = siderealRad + earthRotationRadPerS * tS
      const missXM = point.x * Math.cos(turned) - point.y * Math.sin(turned) - x
      const missYM = point.x * Math.sin(turned) + point.y * Math.cos(turned) - y
      worstM = Math.max(worstM, Math.hypot(missXM, missYM, point.z - z))
      expect(Math.hypot(x, y, z)).toBeLessThanOrEqual(ephemeris.maxRadiusM)
    }
    expect(worstM).toBeLessThan(limitM)
    expect(worstM).toBeGreaterThan(0)
  })

  test('a pass over a station is the one that look angles of satellite.js tell', () => {
    const station = { latitudeDeg: 40.015, longitudeDeg: -105.27, altitudeM: 1655, minElevationDeg: 5 }
    const startMs = cbers.epochMs
    const sky = orbitalSky({
      torus: { slots: 1, planes: 1 },
      ephemeris: sgp4Ephemeris([new Propagator(cbers, startMs)], startMs),
      earth: 'wgs84',
      station,
      handover: 'highest',
      pass: 'any',
      stepS: 10,
      absentLinks: [],
      warnings: [],
    })
    const observer = {
      latitude: toRadians(station.latitudeDeg),
      longitude: toRadians(station.longitudeDeg),
      height: station.altitudeM / 1000,
    }
    const { record } = new Propagator(cbers, startMs)
    let inSight = 0
    for (let tS = 0; tS < 86_400; tS += 60) {
      const at = new Date(startMs + tS * 1000)
      const answer = propagate(record, at)
      if (answer === null) throw new Error('SGP4 has no answer')
      const look = ecfToLookAngles(observer, eciToEcf(answer.position, gstime(at)))
      // Date holds whole milliseconds, in which the satellite goes 7 m.
      expect(Math.abs(sky.elevationDeg(0, tS) - toDegrees(look.elevation))).toBeLessThan(0.001)
      expect(Math.abs(sky.groundDistanceM(0, tS) - look.rangeSat * 1000)).toBeLessThan(20)
      if (toDegrees(look.elevation) > 5.001) {
        inSight += 1
        expect(sky.viewAt(tS).centre).toEqual({ slot: 0, plane: 0 })
      } else if (toDegrees(look.elevation) < 4.999) expect(sky.viewAt(tS).centre).toBeNull()
    }
    expect(inSight).toBeGreaterThan(20)
  })

  test('ascends while it goes north', () => {
    const ephemeris = sgp4Ephemeris([new Propagator(cbers, cbers.epochMs)], cbers.epochMs)
    const [before, after] = [origin(), origin()]
    for (let tS = 1; tS < 12_000; tS += 13) {
      ephemeris.locate(0, tS - 0.01, before)
      ephemeris.locate(0, tS + 0.01, after)
      expect(ephemeris.isAscending(0, tS)).toBe(after.z > before.z)
    }
  })

  test('an orbit that decays is an error with the age of its elements', () => {
    const decaying = setOf(
      '1 22312U 93002D   06094.46235912  .99999999  81888-5  49949-3 0  3953',
      '2 22312  62.1486  77.4698 0308723 267.9229  88.7392 15.95744531 98783',
    )
    const ephemeris = sgp4Ephemeris([new Propagator(decaying, decaying.epochMs)], decaying.epochMs)
    const later = (): void => ephemeris.locate(0, 2 * 86_400, origin())
    expect(later).toThrow(SkyError)
    expect(later).toThrow(
      /22312 \(22312\) cannot be followed to 2006-04-06T11:05:47\.\d+Z: SGP4 lets its orbit decay/,
    )
  })
})
