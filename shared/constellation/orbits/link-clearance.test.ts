import { expect, test } from 'vitest'
import { geometry } from '../geometry'
import { linkClearance } from './link-clearance'
import { seamLinks } from './seam'
import { walkerEphemeris, type Walker } from './walker'

const ring: Walker = {
  torus: { slots: 20, planes: 1 },
  pattern: 'delta',
  altitudeM: 550_000,
  inclinationDeg: 53,
  phasing: 0,
}
const clearance = (walker: Walker) =>
  linkClearance(
    walker.torus,
    walkerEphemeris(walker),
    walker.pattern === 'star' ? seamLinks(walker.torus) : [],
    0,
  )

test('links of a ring are all as long, and low where satellites are few', () => {
  // The middle of a chord is (R+h) cos(π/M) from the centre: from 9 satellites on above 80 km, at 550 km.
  for (const [slots, obstructed] of [
    [20, 0],
    [12, 0],
    [8, 8],
    [3, 3],
  ] as const) {
    const torus = { slots, planes: 1 }
    const { intraPlaneM } = geometry({ ...torus, altitudeM: 550_000, preset: 'default' })
    const found = clearance({ ...ring, torus })
    expect(found).toMatchObject({ links: slots, obstructed })
    expect(found.shortestM).toBeCloseTo(intraPlaneM, 3)
    expect(found.longestM).toBeCloseTo(intraPlaneM, 3)
  }
})

test('counts each link once, also where a direction is two wide or one', () => {
  const links = (slots: number, planes: number, pattern: 'delta' | 'star' = 'delta'): number =>
    clearance({ ...ring, pattern, torus: { slots, planes } }).links
  expect(links(5, 4)).toBe(40)
  expect(links(5, 4, 'star')).toBe(35)
  expect(links(5, 2)).toBe(15)
  expect(links(5, 2, 'star')).toBe(15)
  expect(links(2, 2)).toBe(4)
  expect(links(1, 1)).toBe(0)
  expect(clearance({ ...ring, torus: { slots: 1, planes: 1 } }).shortestM).toBe(0)
})
