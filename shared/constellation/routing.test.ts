import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  directions,
  distancesTo,
  failureSet,
  linkIndex,
  neighbour,
  nextHop,
  noFailures,
  unreachable,
  type FailureSet,
} from './routing'
import { hopDistance, positionOf, samePosition, satelliteIndex, type Position, type Torus } from './torus'

const testbed: Torus = { slots: 19, planes: 5 }
const at = (slot: number, plane: number): Position => ({ slot, plane })

/** Follow the routing decisions; every satellite decides alone. Null when a packet gets stuck. */
function walk(torus: Torus, from: Position, to: Position, failures: FailureSet): Position[] | null {
  const way = [from]
  let here = from
  while (!samePosition(here, to)) {
    const direction = nextHop(torus, here, to, failures)
    const next = direction && neighbour(torus, here, direction)
    if (!direction || !next) return null
    if (failures.linkFailed(linkIndex(torus, here, direction))) throw new Error('used a failed link')
    if (failures.satelliteFailed(satelliteIndex(torus, next))) throw new Error('used a failed satellite')
    here = next
    way.push(here)
    if (way.length > torus.slots * torus.planes) throw new Error('loop')
  }
  return way
}

/** Distance by a plain search, written without the code under test's tables. */
function bruteDistance(torus: Torus, from: Position, to: Position, failures: FailureSet): number | null {
  const alive = (p: Position) => !failures.satelliteFailed(satelliteIndex(torus, p))
  if (!alive(from) || !alive(to)) return null
  let ring = [from]
  const seen = new Set([satelliteIndex(torus, from)])
  for (let distance = 0; ring.length > 0; distance++) {
    if (ring.some((p) => samePosition(p, to))) return distance
    const next: Position[] = []
    for (const p of ring) {
      for (const direction of directions) {
        const q = neighbour(torus, p, direction)
        if (!q || !alive(q) || failures.linkFailed(linkIndex(torus, p, direction))) continue
        if (seen.has(satelliteIndex(torus, q))) continue
        seen.add(satelliteIndex(torus, q))
        next.push(q)
      }
    }
    ring = next
  }
  return null
}

const scenario = fc
  .record({ slots: fc.integer({ min: 1, max: 9 }), planes: fc.integer({ min: 1, max: 7 }) })
  .chain((torus) => {
    const position = fc.record({
      slot: fc.integer({ min: 0, max: torus.slots - 1 }),
      plane: fc.integer({ min: 0, max: torus.planes - 1 }),
    })
    const link = fc.record({
      slot: fc.integer({ min: 0, max: torus.slots - 1 }),
      plane: fc.integer({ min: 0, max: torus.planes - 1 }),
      direction: fc.constantFrom('slot' as const, 'plane' as const),
    })
    return fc.record({
      torus: fc.constant(torus),
      from: position,
      to: position,
      satellites: fc.array(position, { maxLength: 6 }),
      links: fc.array(link, { maxLength: 12 }),
    })
  })

describe('neighbour', () => {
  test('wraps around both ways', () => {
    expect(neighbour(testbed, at(0, 0), 'slot-')).toEqual(at(18, 0))
    expect(neighbour(testbed, at(18, 4), 'slot+')).toEqual(at(0, 4))
    expect(neighbour(testbed, at(3, 0), 'plane-')).toEqual(at(3, 4))
  })

  test('one wide: no link; two wide: one link between the two', () => {
    const line: Torus = { slots: 1, planes: 2 }
    expect(directions.map((direction) => neighbour(line, at(0, 0), direction))).toEqual([
      null,
      null,
      at(0, 1),
      null,
    ])
    expect(linkIndex(line, at(0, 0), 'plane+')).toBe(linkIndex(line, at(0, 1), 'plane+'))
  })

  test('a link has the same number from both ends, and no two links share one', () => {
    fc.assert(
      fc.property(scenario, ({ torus }) => {
        const ends = new Map<number, Set<string>>()
        for (let index = 0; index < torus.slots * torus.planes; index++) {
          const here = positionOf(torus, index)
          for (const direction of directions) {
            const there = neighbour(torus, here, direction)
            if (!there) continue
            const pair = [index, satelliteIndex(torus, there)].toSorted((a, b) => a - b).join('-')
            const link = linkIndex(torus, here, direction)
            ends.set(link, (ends.get(link) ?? new Set()).add(pair))
          }
        }
        const pairs = [...ends.values()].map((set) => [...set])
        expect(pairs.every((set) => set.length === 1)).toBe(true)
        expect(new Set(pairs.flat()).size).toBe(pairs.length)
      }),
    )
  })
})

describe('nextHop', () => {
  test('goes along the plane first, the shorter way round', () => {
    expect(nextHop(testbed, at(1, 0), at(17, 3))).toBe('slot-')
    expect(nextHop(testbed, at(17, 0), at(17, 3))).toBe('plane-')
    expect(nextHop(testbed, at(17, 3), at(17, 3))).toBeNull()
  })

  test('without failures, every way is as long as the hop distance', () => {
    fc.assert(
      fc.property(scenario, ({ torus, from, to }) => {
        expect(walk(torus, from, to, noFailures)).toHaveLength(hopDistance(torus, from, to) + 1)
      }),
    )
  })

  test('an irrelevant failure changes no decision', () => {
    fc.assert(
      fc.property(scenario, ({ torus, from, to }) => {
        const around = { ...noFailures, isEmpty: false }
        expect(nextHop(torus, from, to, around)).toBe(nextHop(torus, from, to))
      }),
    )
  })

  test('around failures, the way is the shortest that is left, or null when none is', () => {
    fc.assert(
      fc.property(scenario, ({ torus, from, to, satellites, links }) => {
        const failures = failureSet(torus, { satellites, links })
        const distance = bruteDistance(torus, from, to, failures)
        const fromLives = !failures.satelliteFailed(satelliteIndex(torus, from))
        if (!samePosition(from, to) && fromLives) {
          const way = walk(torus, from, to, failures)
          expect(way === null ? null : way.length - 1).toBe(distance)
        }
        expect(distancesTo(torus, to, failures)[satelliteIndex(torus, from)]).toBe(distance ?? unreachable)
      }),
      { numRuns: 300 },
    )
  })

  test('a kept table gives the same answer', () => {
    const failures = failureSet(testbed, { satellites: [at(2, 0)], links: [] })
    const table = distancesTo(testbed, at(3, 0), failures)
    expect(nextHop(testbed, at(1, 0), at(3, 0), failures, table)).toBe('plane+')
    expect(nextHop(testbed, at(1, 0), at(3, 0), failures)).toBe('plane+')
  })
})

describe('failureSet', () => {
  test('a failed link is failed from both ends', () => {
    const failures = failureSet(testbed, { satellites: [], links: [{ ...at(18, 1), direction: 'slot' }] })
    expect(failures.linkFailed(linkIndex(testbed, at(18, 1), 'slot+'))).toBe(true)
    expect(failures.linkFailed(linkIndex(testbed, at(0, 1), 'slot-'))).toBe(true)
    expect(failures.linkFailed(linkIndex(testbed, at(0, 1), 'slot+'))).toBe(false)
  })

  test('what the torus does not have is ignored', () => {
    const links = [{ ...at(0, 0), direction: 'slot' as const }]
    expect(failureSet({ slots: 1, planes: 5 }, { satellites: [at(0, 5)], links })).toBe(noFailures)
  })
})
