import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { earthRadiusM, geometry } from '../geometry'
import { shortestDelta } from '../torus'
import { earthRotationRadPerS, orbitalPeriodS } from './earth'
import { distanceBetween, lengthOf, origin, type Ephemeris, type Point } from './ephemeris'
import { anyWalker } from './testing/any-walker'
import { startLatitudeDeg, walkerEphemeris, type Walker } from './walker'

const at = (ephemeris: Ephemeris, satellite: number, tS: number): Point => {
  const point = origin()
  ephemeris.locate(satellite, tS, point)
  return point
}
const shell: Walker = {
  torus: { slots: 22, planes: 72 },
  pattern: 'delta',
  altitudeM: 550_000,
  inclinationDeg: 53,
  phasing: 39,
}

describe('orbits of a Walker constellation', () => {
  test('a revolution takes as long as Kepler says', () => {
    // 2π √((6,921,000 m)³ / 3.986004418e14 m³/s²)
    expect(orbitalPeriodS(6_921_000)).toBeCloseTo(5730.13, 2)
    const ephemeris = walkerEphemeris(shell)
    const periodS = orbitalPeriodS(earthRadiusM + shell.altitudeM)
    const [start, end] = [at(ephemeris, 100, 0), at(ephemeris, 100, periodS)]
    const turned = -earthRotationRadPerS * periodS
    expect(end.x).toBeCloseTo(start.x * Math.cos(turned) - start.y * Math.sin(turned), 2)
    expect(end.y).toBeCloseTo(start.x * Math.sin(turned) + start.y * Math.cos(turned), 2)
    expect(end.z).toBeCloseTo(start.z, 2)
  })

  test('over the equator a satellite never leaves it; over the poles it passes both', () => {
    const equator = walkerEphemeris({ ...shell, inclinationDeg: 0 })
    const polar = walkerEphemeris({
      ...shell,
      inclinationDeg: 90,
      torus: { slots: 4, planes: 1 },
      phasing: 0,
    })
    const radiusM = earthRadiusM + 550_000
    for (const tS of [0, 1000, 50_000]) expect(Math.abs(at(equator, 5, tS).z)).toBe(0)
    expect(at(polar, 0, 0)).toEqual({ x: radiusM, y: 0, z: 0 })
    expect(at(polar, 1, 0).z).toBeCloseTo(radiusM, 6)
    expect(at(polar, 3, 0).z).toBeCloseTo(-radiusM, 6)
    expect(at(polar, 0, orbitalPeriodS(radiusM) / 4).z).toBeCloseTo(radiusM, 3)
    expect([0, 1, 2, 3].map((satellite) => polar.isAscending(satellite, 10))).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  test('satellites keep their altitude, and those of a plane the link length of the paper', () => {
    fc.assert(
      fc.property(anyWalker, fc.nat(), fc.nat(200_000), (walker, pick, tS) => {
        const { slots, planes } = walker.torus
        const ephemeris = walkerEphemeris(walker)
        const satellite = pick % (slots * planes)
        const point = at(ephemeris, satellite, tS)
        expect(lengthOf(point) / (earthRadiusM + walker.altitudeM)).toBeCloseTo(1, 12)
        const next = satellite - (satellite % slots) + ((satellite + 1) % slots)
        const { intraPlaneM } = geometry({ ...walker.torus, altitudeM: walker.altitudeM, preset: 'default' })
        const neighbour = slots === 1 ? point : at(ephemeris, next, tS)
        if ((satellite % slots) + 1 < slots)
          expect(distanceBetween(point, neighbour)).toBeCloseTo(intraPlaneM, 3)
      }),
    )
  })

  test('no satellite turns faster than it says', () => {
    fc.assert(
      fc.property(anyWalker, fc.nat(100_000), (walker, tS) => {
        const ephemeris = walkerEphemeris(walker)
        const movedM = distanceBetween(at(ephemeris, 0, tS), at(ephemeris, 0, tS + 1))
        expect(movedM / ephemeris.maxRadiusM).toBeLessThanOrEqual(ephemeris.maxTurnRadPerS * (1 + 1e-9))
      }),
    )
  })

  test('T/P/F: all T satellites are where the notation puts them, however slots are numbered', () => {
    fc.assert(
      fc.property(anyWalker, (walker) => {
        const { slots, planes } = walker.torus
        const total = slots * planes
        for (let plane = 0; plane < planes; plane++) {
          // In units of 360°/T, Walker's satellites of a plane are at plane * F + slot * P.
          const expected = Array.from(
            { length: slots },
            (_, s) => (plane * walker.phasing + s * planes) % total,
          )
          const found = expected.map((_, slot) => {
            const units = (startLatitudeDeg(walker, slot, plane) * total) / 360
            return Math.round(units + total) % total
          })
          expect(found.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
        }
      }),
    )
  })

  test('links between the planes of a delta never span a whole slot, not even where the torus closes', () => {
    fc.assert(
      fc.property(anyWalker, (walker) => {
        const { slots, planes } = walker.torus
        for (let plane = 0; plane < planes; plane++) {
          const here = startLatitudeDeg(walker, 0, plane)
          const there = startLatitudeDeg(walker, 0, (plane + 1) % planes)
          const spanned = shortestDelta(here, there, 360) / (360 / slots)
          expect(Math.abs(spanned)).toBeLessThan(1)
        }
      }),
    )
  })
})
