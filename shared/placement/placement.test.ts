import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../contract/errors'
import { geometry } from '../constellation/geometry'
import {
  hopDistance,
  positionOf,
  samePosition,
  satelliteIndex,
  shortestDelta,
  wrap,
  type Position,
  type Torus,
} from '../constellation/torus'
import { boxOf } from './box'
import { placement, strategies, type PlacementOptions } from './placement'
import { anyPlacement } from './testing/any-placement'

const testbed: Torus = { slots: 19, planes: 5 }
const centre = { slot: 9, plane: 2 }
const pairs = (options: PlacementOptions): number[][] =>
  placement(options).map(({ slot, plane }) => [slot, plane])

/** The rings of the design, word by word. */
function plainRings(
  torus: Torus,
  middle: Position,
  servers: number,
  allowed: (at: Position) => boolean,
): Position[] {
  const found = [middle]
  for (const { slot, plane } of found) {
    const neighbours = [
      { slot, plane: wrap(plane - 1, torus.planes) },
      { slot: wrap(slot + 1, torus.slots), plane },
      { slot, plane: wrap(plane + 1, torus.planes) },
      { slot: wrap(slot - 1, torus.slots), plane },
    ]
    for (const next of neighbours) {
      if (allowed(next) && !found.some((at) => samePosition(at, next))) found.push(next)
    }
  }
  return found.slice(0, servers)
}

describe('box', () => {
  test('sides are odd while the torus is wide enough, and the shorter direction runs out first', () => {
    const size = (servers: number) => {
      const { width, height } = boxOf(testbed, centre, servers)
      return [width, height]
    }
    expect([1, 2, 9, 10, 25, 26, 35, 36, 95].map(size)).toEqual([
      [1, 1],
      [3, 3],
      [3, 3],
      [5, 5],
      [5, 5],
      [7, 5],
      [7, 5],
      [9, 5],
      [19, 5],
    ])
  })
})

describe('placement', () => {
  test('rotation numbers the box row-major, across the edges of the torus', () => {
    const corner = { slot: 0, plane: 0 }
    const options = {
      strategy: 'rotation',
      torus: testbed,
      centre: corner,
      servers: 9,
      rotations: 0,
    } as const
    expect(pairs(options)).toEqual([
      [18, 4],
      [0, 4],
      [1, 4],
      [18, 0],
      [0, 0],
      [1, 0],
      [18, 1],
      [0, 1],
      [1, 1],
    ])
  })

  test('rotation takes the nearest on the ground: slots are nearer than planes on the testbed', () => {
    const options = { strategy: 'rotation', torus: testbed, centre, servers: 3, rotations: 0 } as const
    expect(pairs(options)).toEqual([
      [8, 2],
      [9, 2],
      [10, 2],
    ])
  })

  test('where pitches are equal, ties go to the first in row-major order', () => {
    const torus = { slots: 15, planes: 15 }
    const options = {
      strategy: 'rotation',
      torus,
      centre: { slot: 7, plane: 7 },
      servers: 2,
      rotations: 0,
    } as const
    expect(pairs(options)).toEqual([
      [7, 6],
      [7, 7],
    ])
  })

  test('hop visits plane-1, slot+1, plane+1, slot-1, and wraps', () => {
    const corner = { slot: 18, plane: 0 }
    const options = { strategy: 'hop', torus: testbed, centre: corner, servers: 5, rotations: 0 } as const
    expect(pairs(options)).toEqual([
      [18, 0],
      [18, 4],
      [0, 0],
      [18, 1],
      [17, 0],
    ])
  })

  test('is n distinct satellites of the torus for every n and centre', () => {
    fc.assert(
      fc.property(anyPlacement, (options) => {
        const { torus, servers } = options
        const positions = placement(options)
        expect(positions).toHaveLength(servers)
        for (const { slot, plane } of positions) {
          expect(Number.isInteger(slot) && slot >= 0 && slot < torus.slots).toBe(true)
          expect(Number.isInteger(plane) && plane >= 0 && plane < torus.planes).toBe(true)
        }
        expect(new Set(positions.map((at) => satelliteIndex(torus, at))).size).toBe(servers)
      }),
      { numRuns: 500 },
    )
  })

  test('every n and every centre of the testbed', () => {
    for (const strategy of strategies) {
      for (let index = 0; index < 95; index++) {
        for (let servers = 1; servers <= 95; servers++) {
          const options = {
            strategy,
            torus: testbed,
            centre: positionOf(testbed, index),
            servers,
            rotations: 3,
          }
          const found = new Set(placement(options).map((at) => satelliteIndex(testbed, at)))
          if (found.size !== servers) expect.fail(JSON.stringify(options))
        }
      }
    }
  })

  test('moves with its centre: the torus has no edges', () => {
    fc.assert(
      fc.property(anyPlacement, fc.nat(20), fc.nat(20), (options, slots, planes) => {
        const { torus } = options
        const shifted = {
          slot: wrap(options.centre.slot + slots, torus.slots),
          plane: wrap(options.centre.plane + planes, torus.planes),
        }
        const expected = placement(options).map((at) => ({
          slot: wrap(at.slot + slots, torus.slots),
          plane: wrap(at.plane + planes, torus.planes),
        }))
        expect(placement({ ...options, centre: shifted })).toEqual(expected)
      }),
    )
  })

  test('rings never shrink: hops from the centre do not decrease with the number of the server', () => {
    fc.assert(
      fc.property(
        anyPlacement,
        fc.constantFrom('hop' as const, 'hop_rotation' as const),
        (options, strategy) => {
          const positions = placement({ ...options, strategy, rotations: 0 })
          const hops = positions.map((at) => hopDistance(options.torus, options.centre, at))
          expect(hops[0]).toBe(0)
          expect(hops).toEqual(hops.toSorted((a, b) => a - b))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('rings are those of a plain breadth-first search over the torus, inside the box or not', () => {
    fc.assert(
      fc.property(anyPlacement, (options) => {
        const { torus, centre: middle, servers } = options
        const box = boxOf(torus, middle, servers)
        const inBox = ({ slot, plane }: Position) =>
          wrap(slot - box.firstSlot, torus.slots) < box.width &&
          wrap(plane - box.firstPlane, torus.planes) < box.height
        expect(placement({ ...options, strategy: 'hop', rotations: 0 })).toEqual(
          plainRings(torus, middle, servers, () => true),
        )
        expect(placement({ ...options, strategy: 'hop_rotation', rotations: 0 })).toEqual(
          plainRings(torus, middle, servers, inBox),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('hop leaves no nearer satellite out', () => {
    fc.assert(
      fc.property(anyPlacement, (options) => {
        const { torus, centre: middle, servers } = options
        const hops = placement({ ...options, strategy: 'hop' }).map((at) => hopDistance(torus, middle, at))
        const all = Array.from({ length: torus.slots * torus.planes }, (_, i) =>
          hopDistance(torus, middle, positionOf(torus, i)),
        )
        expect(hops).toEqual(all.toSorted((a, b) => a - b).slice(0, servers))
      }),
    )
  })

  test('fewer servers are the first of more: hop', () => {
    fc.assert(
      fc.property(anyPlacement, fc.nat(), (options, less) => {
        const servers = (less % options.servers) + 1
        const more = placement({ ...options, strategy: 'hop' })
        expect(placement({ ...options, strategy: 'hop', servers })).toEqual(more.slice(0, servers))
      }),
    )
  })

  test('rotation leaves no satellite of the box out that is nearer than one it takes', () => {
    fc.assert(
      fc.property(anyPlacement, (options) => {
        const { torus, centre: middle, servers } = options
        const { slantM } = geometry({ ...torus, altitudeM: 550_000, preset: 'default' })
        const distance = (at: { slot: number; plane: number }) =>
          slantM(
            shortestDelta(middle.slot, at.slot, torus.slots),
            shortestDelta(middle.plane, at.plane, torus.planes),
          )
        const taken = placement({ ...options, strategy: 'rotation', rotations: 0 })
        const indices = new Set(taken.map((at) => satelliteIndex(torus, at)))
        const farthest = Math.max(...taken.map(distance))
        const box = boxOf(torus, middle, servers)
        for (let row = 0; row < box.height; row++) {
          for (let column = 0; column < box.width; column++) {
            const at = {
              slot: wrap(box.firstSlot + column, torus.slots),
              plane: wrap(box.firstPlane + row, torus.planes),
            }
            // A metre of rounding in distances of thousands of kilometres.
            if (!indices.has(satelliteIndex(torus, at))) expect(distance(at)).toBeGreaterThan(farthest - 1)
          }
        }
      }),
    )
  })

  test.each([
    { servers: 0 },
    { servers: 96 },
    { servers: 1.5 },
    { centre: { slot: 19, plane: 0 } },
    { centre: { slot: -1, plane: 0 } },
    { rotations: -1 },
    { rotations: 0.5 },
  ])('refuses %j', (wrong) => {
    const options = {
      strategy: 'rotation',
      torus: testbed,
      centre,
      servers: 9,
      rotations: 0,
      ...wrong,
    } as const
    expect(() => placement(options)).toThrow(SkyError)
  })
})
