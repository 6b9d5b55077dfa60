import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { positionOf, satelliteIndex, type Position, type Torus } from '../torus'
import { orbitalPeriodS } from './earth'
import { orbitalSky, type OrbitalSky } from './orbital-sky'
import { sightingOf } from './testing/brute-force'
import { anyStation, anyWalker } from './testing/any-walker'
import { walkerEphemeris, type Walker } from './walker'
import type { GroundStation } from './ground-station'
import { handoverRules, passes } from './sky-views'

type Rules = Partial<Pick<Parameters<typeof orbitalSky>[0], 'handover' | 'pass' | 'stepS'>>

function skyOver(walker: Walker, station: GroundStation, rules: Rules = {}): OrbitalSky {
  return orbitalSky({
    torus: walker.torus,
    ephemeris: walkerEphemeris(walker),
    earth: 'sphere',
    station,
    handover: 'highest',
    pass: 'any',
    stepS: 10,
    absentLinks: [],
    warnings: [],
    ...rules,
  })
}
const satellitesOf = ({ slots, planes }: Torus): number[] =>
  Array.from({ length: slots * planes }, (_, i) => i)
const indexOf = (torus: Torus, at: Position | null): number | null =>
  at === null ? null : satelliteIndex(torus, at)
/** Two ways of computing an angle agree to this; closer calls are left to either. */
const toleranceDeg = 1e-7

describe('the sky over a ground station', () => {
  test('elevations and distances are those of spherical trigonometry', () => {
    fc.assert(
      fc.property(anyWalker, anyStation, fc.nat(), fc.nat(100_000), (walker, station, pick, tS) => {
        const sky = skyOver(walker, station)
        const satellite = pick % (walker.torus.slots * walker.torus.planes)
        const expected = sightingOf(walker, satellite, station, tS)
        const elevationDeg = sky.elevationDeg(satellite, tS)
        expect(elevationDeg).toBeGreaterThanOrEqual(-90)
        expect(elevationDeg).toBeLessThanOrEqual(90)
        expect(Math.abs(elevationDeg - expected.elevationDeg)).toBeLessThan(1e-5)
        expect(sky.groundDistanceM(satellite, tS) / expected.distanceM).toBeCloseTo(1, 9)
      }),
      { numRuns: 300 },
    )
  })

  test('window and centre are those found by looking at every satellite', () => {
    fc.assert(
      fc.property(
        anyWalker,
        anyStation,
        fc.array(fc.nat(1500), { maxLength: 12 }),
        (walker, station, steps) => {
          const { torus } = walker
          const sky = skyOver(walker, station)
          for (const step of steps) {
            const tS = step * 10
            const view = sky.viewAt(tS)
            const seen = satellitesOf(torus).map((satellite) => sightingOf(walker, satellite, station, tS))
            const window = new Set(view.window)
            const wrong = seen.filter(({ elevationDeg }, satellite) => {
              const above = elevationDeg - station.minElevationDeg
              return Math.abs(above) > toleranceDeg && window.has(satellite) !== above > 0
            })
            expect(wrong).toEqual([])
            const centre = indexOf(torus, view.centre)
            if (centre === null) expect(view.window).toHaveLength(0)
            else {
              const highest = Math.max(...seen.map(({ elevationDeg }) => elevationDeg))
              // Near the zenith, elevations of almost the same place differ by the rounding of an arc tangent.
              expect(highest - (seen[centre]?.elevationDeg ?? NaN)).toBeLessThan(1e-5)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('views follow each other without a gap, whatever is asked first', () => {
    fc.assert(
      fc.property(
        anyWalker,
        anyStation,
        fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(...handoverRules),
        fc.constantFrom(...passes),
        fc.constantFrom(0.7, 5, 30),
        (walker, station, times, handover, pass, stepS) => {
          const rules = { handover, pass, stepS }
          const shuffled = skyOver(walker, station, rules)
          const answers = times.map((tS) => shuffled.viewAt(tS))
          const inOrder = skyOver(walker, station, rules)
          const lastS = Math.max(...times)
          let view = inOrder.viewAt(0)
          expect([view.fromS, view.epoch]).toEqual([0, 0])
          while (view.untilS <= lastS) {
            const next = inOrder.viewAt(view.untilS)
            expect(next.fromS).toBe(view.untilS)
            if (next.centre !== null) expect(next.placementCentre).toEqual(next.centre)
            else expect(next.placementCentre).toEqual(view.placementCentre)
            const isFirst = view.placementCentre === null
            const moved =
              indexOf(walker.torus, next.placementCentre) !== indexOf(walker.torus, view.placementCentre)
            expect(next.epoch - view.epoch).toBe(moved && !isFirst ? 1 : 0)
            view = next
          }
          times.forEach((tS, i) => {
            expect(answers[i]).toEqual(inOrder.viewAt(tS))
            expect(answers[i]?.fromS).toBeLessThanOrEqual(tS)
            expect(answers[i]?.untilS).toBeGreaterThan(tS)
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('the window is in the order of distance', () => {
    fc.assert(
      fc.property(anyWalker, anyStation, fc.nat(20_000), (walker, station, tS) => {
        const sky = skyOver(walker, station)
        const { window, fromS } = sky.viewAt(tS)
        const distances = [...window].map((satellite) => sky.groundDistanceM(satellite, fromS))
        expect(distances).toEqual(distances.toSorted((a, b) => a - b))
      }),
    )
  })

  test('links are as long from either end', () => {
    fc.assert(
      fc.property(anyWalker, anyStation, fc.nat(), fc.nat(), fc.nat(90_000), (walker, station, a, b, tS) => {
        const sky = skyOver(walker, station)
        const count = walker.torus.slots * walker.torus.planes
        const lengthM = sky.linkDistanceM(a % count, b % count, tS)
        expect(lengthM).toBe(sky.linkDistanceM(b % count, a % count, tS))
        expect(lengthM).toBeGreaterThanOrEqual(0)
        expect(lengthM).toBeLessThanOrEqual(2 * (6_371_000 + walker.altitudeM) * (1 + 1e-12))
      }),
    )
  })
})

const northPole: GroundStation = { latitudeDeg: 90, longitudeDeg: 0, altitudeM: 0, minElevationDeg: 0 }
const polarRing: Walker = {
  torus: { slots: 40, planes: 1 },
  pattern: 'star',
  altitudeM: 550_000,
  inclinationDeg: 90,
  phasing: 0,
}

describe('hand-overs', () => {
  test('under a polar ring the centre goes one slot backwards at a time, 40 times a revolution', () => {
    const sky = skyOver(polarRing, northPole, { stepS: 1 })
    const periodS = orbitalPeriodS(6_921_000)
    const centres: number[] = []
    for (let view = sky.viewAt(0); view.fromS < periodS; view = sky.viewAt(view.untilS)) {
      const centre = indexOf(polarRing.torus, view.centre)
      if (centre !== null && centre !== centres.at(-1)) centres.push(centre)
    }
    expect(centres).toHaveLength(41)
    centres.slice(1).forEach((centre, i) => expect(centre).toBe(((centres[i] as number) + 39) % 40))
    expect(sky.viewAt(periodS).epoch).toBe(40)
    expect(sky.groundDistanceM(sky.viewAt(0).window[0] as number, 0)).toBeCloseTo(550_000, 4)
  })

  test('to hold a centre means fewer hand-overs, and never one before it is out of sight', () => {
    const epochs = (sky: OrbitalSky): number => sky.viewAt(6000).epoch
    const hold = skyOver(polarRing, northPole, { handover: 'hold' })
    expect(epochs(hold)).toBeLessThan(epochs(skyOver(polarRing, northPole)) / 2)
    for (let view = hold.viewAt(0); view.fromS < 6000; view = hold.viewAt(view.untilS)) {
      const next = hold.viewAt(view.untilS)
      const centre = indexOf(polarRing.torus, view.centre) as number
      if (next.epoch !== view.epoch) expect([...next.window]).not.toContain(centre)
    }
  })

  test('with one pass only, the centre is the highest satellite of that pass', () => {
    const walker: Walker = {
      ...polarRing,
      torus: { slots: 22, planes: 72 },
      pattern: 'delta',
      inclinationDeg: 53,
    }
    const station = { latitudeDeg: 40, longitudeDeg: -105, altitudeM: 1600, minElevationDeg: 25 }
    const ephemeris = walkerEphemeris(walker)
    for (const pass of ['ascending', 'descending'] as const) {
      const sky = skyOver(walker, station, { pass })
      for (let tS = 0; tS < 3000; tS += 10) {
        const { centre, window } = sky.viewAt(tS)
        const allowed = [...window].filter(
          (satellite) => ephemeris.isAscending(satellite, tS) === (pass === 'ascending'),
        )
        const best = allowed.toSorted((a, b) => sky.elevationDeg(b, tS) - sky.elevationDeg(a, tS))[0]
        expect(centre).toEqual(best === undefined ? null : positionOf(walker.torus, best))
      }
    }
  })

  test('a sky without a satellite is a gap, in which the placement stays', () => {
    const lone: Walker = { ...polarRing, torus: { slots: 1, planes: 1 } }
    const sky = skyOver(lone, northPole)
    expect(sky.viewAt(0)).toMatchObject({ centre: null, placementCentre: null, epoch: 0 })
    const overhead = sky.viewAt(orbitalPeriodS(6_921_000) / 4)
    expect(overhead).toMatchObject({ centre: { slot: 0, plane: 0 }, epoch: 0 })
    const after = sky.viewAt(overhead.untilS)
    expect(after).toMatchObject({ centre: null, placementCentre: { slot: 0, plane: 0 }, epoch: 0 })
    expect(after.window).toHaveLength(0)
    expect(sky.viewAt(100_000).epoch).toBe(0)
  })

  test('a sky that never changes is told in views of an hour', () => {
    const stationary: Walker = {
      ...polarRing,
      inclinationDeg: 0,
      altitudeM: 35_793_170,
      torus: { slots: 1, planes: 1 },
    }
    const equator = { ...northPole, latitudeDeg: 0 }
    const view = skyOver(stationary, equator, { stepS: 60 }).viewAt(7300)
    expect([view.fromS, view.untilS, view.epoch]).toEqual([7200, 10_800, 0])
    expect(view.centre).toEqual({ slot: 0, plane: 0 })
  })
})
