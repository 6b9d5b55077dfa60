import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hopDistance,
  inWindow,
  positionOf,
  satelliteIndex,
  shortestDelta,
  windowPositions,
  wrap,
  type Torus,
} from './torus'

const anyTorus = fc.record({
  slots: fc.integer({ min: 1, max: 24 }),
  planes: fc.integer({ min: 1, max: 24 }),
})
const anyOn = (torus: Torus) =>
  fc.record({
    slot: fc.integer({ min: 0, max: torus.slots - 1 }),
    plane: fc.integer({ min: 0, max: torus.planes - 1 }),
  })

describe('wrap', () => {
  test('stays on the torus for negative values, without a negative zero', () => {
    expect(wrap(-1, 19)).toBe(18)
    expect(wrap(-38, 19)).toBe(0)
    expect(wrap(40, 19)).toBe(2)
  })
})

describe('shortestDelta', () => {
  test('takes the shorter way, and the positive one of two equal ways', () => {
    expect(shortestDelta(0, 18, 19)).toBe(-1)
    expect(shortestDelta(18, 0, 19)).toBe(1)
    expect(shortestDelta(0, 9, 18)).toBe(9)
    expect(shortestDelta(9, 0, 18)).toBe(9)
    expect(shortestDelta(1, 0, 2)).toBe(1)
  })

  test('leads from one to the other, and no shorter step does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(200), fc.nat(200), (size, a, b) => {
        const [from, to] = [a % size, b % size]
        const delta = shortestDelta(from, to, size)
        expect(wrap(from + delta, size)).toBe(to)
        for (let other = -size; other <= size; other++) {
          if (wrap(from + other, size) === to) expect(Math.abs(other)).toBeGreaterThanOrEqual(Math.abs(delta))
        }
      }),
    )
  })
})

describe('hopDistance', () => {
  test('is a metric', () => {
    const three = anyTorus.chain((torus) =>
      fc.record({ torus: fc.constant(torus), a: anyOn(torus), b: anyOn(torus), c: anyOn(torus) }),
    )
    fc.assert(
      fc.property(three, ({ torus, a, b, c }) => {
        expect(hopDistance(torus, a, b)).toBe(hopDistance(torus, b, a))
        expect(hopDistance(torus, a, a)).toBe(0)
        expect(hopDistance(torus, a, c)).toBeLessThanOrEqual(
          hopDistance(torus, a, b) + hopDistance(torus, b, c),
        )
      }),
    )
  })
})

test('index and position are inverse, and count every satellite once', () => {
  fc.assert(
    fc.property(anyTorus, (torus) => {
      for (let index = 0; index < torus.slots * torus.planes; index++) {
        expect(satelliteIndex(torus, positionOf(torus, index))).toBe(index)
      }
    }),
  )
})

describe('LOS window', () => {
  test('a 3x3 window wraps around both edges', () => {
    const window = windowPositions({ slots: 19, planes: 5 }, { slot: 0, plane: 4 }, 3, 3)
    expect(window.map(({ slot, plane }) => [slot, plane])).toEqual([
      [18, 3],
      [0, 3],
      [1, 3],
      [18, 4],
      [0, 4],
      [1, 4],
      [18, 0],
      [0, 0],
      [1, 0],
    ])
  })

  test('its list and its test agree everywhere; windows larger than the torus cover it once', () => {
    const views = anyTorus.chain((torus) =>
      fc.record({
        torus: fc.constant(torus),
        centre: anyOn(torus),
        wide: fc.integer({ min: 1, max: 30 }),
        high: fc.integer({ min: 1, max: 30 }),
      }),
    )
    fc.assert(
      fc.property(views, ({ torus, centre, wide, high }) => {
        const listed = windowPositions(torus, centre, wide, high).map((at) => satelliteIndex(torus, at))
        const tested = []
        for (let index = 0; index < torus.slots * torus.planes; index++) {
          if (inWindow(torus, centre, wide, high, positionOf(torus, index))) tested.push(index)
        }
        expect(listed.toSorted((a, b) => a - b)).toEqual(tested)
        expect(listed).toContain(satelliteIndex(torus, centre))
      }),
    )
  })
})
