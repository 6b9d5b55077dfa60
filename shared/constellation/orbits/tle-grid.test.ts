import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gravitationalParameter, toRadians } from './earth'
import type { OrbitElements } from './orbit-elements'
import { gridOf } from './tle-grid'
import { nodeDeg, startLatitudeDeg, type Walker } from './walker'

const motionAt = (altitudeM: number): number =>
  Math.sqrt(gravitationalParameter / (6_371_000 + altitudeM) ** 3)

/** A Walker constellation whose satellites stand a little off, as real ones do; row-major. */
function orbitsOf(walker: Walker, noiseDeg: (satellite: number) => number = () => 0): OrbitElements[] {
  const { slots, planes } = walker.torus
  return Array.from({ length: slots * planes }, (_, satellite) => {
    const plane = Math.floor(satellite / slots)
    return {
      meanMotionRadPerS: motionAt(walker.altitudeM + 200 * noiseDeg(satellite)),
      inclinationRad: toRadians(walker.inclinationDeg + 0.02 * noiseDeg(satellite)),
      nodeRad: toRadians(nodeDeg(walker, plane) + 0.3 * noiseDeg(satellite)),
      latitudeRad: toRadians(startLatitudeDeg(walker, satellite % slots, plane) + noiseDeg(satellite)),
    }
  })
}
/** Between -1 and 1, another for every satellite and seed. */
const noise = (seed: number) => (satellite: number) => Math.sin(satellite * 12.9898 + seed * 78.233)

const shell: Walker = {
  torus: { slots: 11, planes: 18 },
  pattern: 'delta',
  altitudeM: 550_000,
  inclinationDeg: 53,
  phasing: 5,
}
const anyShell = fc
  .record({ slots: fc.integer({ min: 3, max: 22 }), planes: fc.integer({ min: 3, max: 40 }) })
  .chain((torus) =>
    fc.record({ torus: fc.constant(torus), phasing: fc.nat(torus.planes - 1), seed: fc.nat(1000) }),
  )

describe('the grid in real orbits', () => {
  test('a whole constellation is found as it was laid out, however it is shuffled', () => {
    fc.assert(
      fc.property(anyShell, fc.nat(), ({ torus, phasing, seed }, shift) => {
        const walker = { ...shell, torus, phasing }
        const orbits = orbitsOf(walker, noise(seed))
        const turned = orbits.map((_, i) => orbits[(i * 1 + shift) % orbits.length] as OrbitElements)
        const grid = gridOf(turned)
        expect(grid.torus).toEqual(torus)
        expect(grid.leftOut).toEqual({ otherShells: 0, thinPlanes: 0, spares: 0 })
        expect(new Set(grid.members).size).toBe(orbits.length)
        // Where planes begin does not matter on a torus: each plane must be one of the layout, in order, slot by slot.
        const original = grid.members.map((member) => (member + shift) % orbits.length)
        const firstPlane = Math.floor((original[0] as number) / torus.slots)
        original.forEach((satellite, index) => {
          const plane = (Math.floor(index / torus.slots) + firstPlane) % torus.planes
          expect(Math.floor(satellite / torus.slots)).toBe(plane)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('slots count in flight direction, each within a slot of its angle, so that neighbours are near', () => {
    fc.assert(
      fc.property(anyShell, ({ torus, phasing, seed }) => {
        const orbits = orbitsOf({ ...shell, torus, phasing }, noise(seed))
        gridOf(orbits).members.forEach((member, index) => {
          const slotDeg = ((index % torus.slots) * 360) / torus.slots
          const off = ((orbits[member] as OrbitElements).latitudeRad * 180) / Math.PI - slotDeg
          const wrapped = ((((off + 180) % 360) + 360) % 360) - 180
          expect(Math.abs(wrapped)).toBeLessThan(180 / torus.slots + 2)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('missing satellites cost the fullest grid that is left, and every place of it is a satellite', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(18 * 11 - 1), { maxLength: 60 }), (missing) => {
        const orbits = orbitsOf(shell, noise(1)).filter((_, i) => !missing.includes(i))
        const { torus, members, leftOut } = gridOf(orbits)
        const { slots, planes } = torus
        expect(new Set(members).size).toBe(slots * planes)
        expect(members.length + leftOut.otherShells + leftOut.thinPlanes + leftOut.spares).toBe(orbits.length)
        const sizes = Array.from(
          { length: 18 },
          (_, p) => 11 - missing.filter((i) => Math.floor(i / 11) === p).length,
        )
        const best = Math.max(...sizes.map((size) => size * sizes.filter((other) => other >= size).length))
        expect(slots * planes).toBe(best)
      }),
    )
  })

  test('a spare beside another satellite is left out', () => {
    const orbits = orbitsOf(shell)
    const spare = { ...(orbits[25] as OrbitElements) }
    const grid = gridOf([...orbits, { ...spare, latitudeRad: spare.latitudeRad + toRadians(1.5) }])
    expect(grid.torus).toEqual(shell.torus)
    expect(grid.leftOut.spares).toBe(1)
    const pair = new Set([25, orbits.length])
    expect(grid.members.filter((member) => pair.has(member))).toHaveLength(1)
  })

  test('another shell is left out, by inclination or by altitude', () => {
    const other = { ...shell, torus: { slots: 8, planes: 18 } }
    for (const second of [
      { ...other, inclinationDeg: 53.2 },
      { ...other, altitudeM: 540_000 },
    ]) {
      const grid = gridOf([...orbitsOf(second, noise(2)), ...orbitsOf(shell, noise(3))])
      expect(grid.torus).toEqual(shell.torus)
      expect(grid.leftOut.otherShells).toBe(8 * 18)
      expect(Math.min(...grid.members)).toBe(8 * 18)
    }
  })

  test('satellites that sink or climb through all altitudes do not tie shells together, nor make planes', () => {
    // As in the shells of Starlink: hundreds of satellites on their way, at any node, and a second shell 10 km below.
    const under = orbitsOf({ ...shell, altitudeM: 540_000, torus: { slots: 4, planes: 18 } }, noise(6))
    const moving = Array.from({ length: 200 }, (_, i) => ({
      ...(orbitsOf(shell)[i % 198] as OrbitElements),
      meanMotionRadPerS: motionAt(350_000 + 1_000 * i),
      nodeRad: toRadians(i * 37.7),
    }))
    const grid = gridOf([...moving, ...under, ...orbitsOf(shell, noise(7))])
    expect(grid.torus).toEqual(shell.torus)
    expect(grid.members.every((member) => member >= 200 + 72)).toBe(true)
  })

  test('satellites on station between the planes are left out', () => {
    const astray = [3, 4, 9].map((degrees, i) => ({
      ...(orbitsOf(shell)[i * 30] as OrbitElements),
      nodeRad: toRadians(100 + degrees),
    }))
    const grid = gridOf([...orbitsOf(shell, noise(8)), ...astray])
    expect(grid).toMatchObject({ torus: shell.torus, hasSeam: false, leftOut: { thinPlanes: 3, spares: 0 } })
  })

  test('planes that fly some km apart are one shell, as those of OneWeb', () => {
    const star: Walker = { ...shell, pattern: 'star', torus: { slots: 20, planes: 12 }, inclinationDeg: 87.9 }
    const layered = orbitsOf(star, noise(9)).map((orbit, i) => ({
      ...orbit,
      meanMotionRadPerS: motionAt(1_175_000 + 4_000 * ((Math.floor(i / 20) * 5) % 12) + 100 * noise(9)(i)),
    }))
    expect(gridOf(layered)).toMatchObject({ torus: star.torus, hasSeam: true })
  })

  test('a star has a seam, a delta has none, not even with a plane missing', () => {
    const star: Walker = { ...shell, pattern: 'star', inclinationDeg: 87.9 }
    expect(gridOf(orbitsOf(star, noise(4)))).toMatchObject({ torus: star.torus, hasSeam: true })
    expect(gridOf(orbitsOf(shell, noise(4)))).toMatchObject({ hasSeam: false })
    const thinner = orbitsOf(shell, noise(4)).slice(11)
    expect(gridOf(thinner)).toMatchObject({ torus: { slots: 11, planes: 17 }, hasSeam: false })
  })

  test('a star of any number of planes is found, with its seam', () => {
    fc.assert(
      fc.property(anyShell, ({ torus, seed }) => {
        const star: Walker = { ...shell, torus, phasing: 0, pattern: 'star', inclinationDeg: 87.9 }
        expect(gridOf(orbitsOf(star, noise(seed)))).toMatchObject({ torus, hasSeam: true })
      }),
      { numRuns: 60 },
    )
  })

  test('one satellite, and one plane', () => {
    const [only] = orbitsOf(shell)
    expect(gridOf([only as OrbitElements])).toMatchObject({
      torus: { slots: 1, planes: 1 },
      members: [0],
      hasSeam: false,
    })
    const plane = orbitsOf({ ...shell, torus: { slots: 7, planes: 1 }, phasing: 0 }, noise(5))
    expect(gridOf(plane)).toMatchObject({ torus: { slots: 7, planes: 1 }, members: [0, 1, 2, 3, 4, 5, 6] })
    const three = orbitsOf(shell, noise(5)).slice(0, 33)
    expect(gridOf(three)).toMatchObject({ torus: { slots: 11, planes: 3 }, hasSeam: true })
  })
})
