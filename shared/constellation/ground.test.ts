import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entrySatellite } from './ground'
import { failureSet } from './routing'
import { hopDistance, inWindow, windowPositions } from './torus'

const torus = { slots: 19, planes: 5 }
const view = { torus, centre: { slot: 9, plane: 2 }, losSlots: 3, losPlanes: 3 }

test('a destination in the window is reached directly', () => {
  for (const to of windowPositions(torus, view.centre, 3, 3)) expect(entrySatellite(view, to)).toEqual(to)
})

test('another one is reached through the satellite of the window that is nearest to it', () => {
  expect(entrySatellite(view, { slot: 14, plane: 2 })).toEqual({ slot: 10, plane: 2 })
  expect(entrySatellite(view, { slot: 0, plane: 0 })).toEqual({ slot: 8, plane: 1 })
  const anywhere = fc.record({ slot: fc.integer({ min: 0, max: 18 }), plane: fc.integer({ min: 0, max: 4 }) })
  fc.assert(
    fc.property(anywhere, anywhere, (centre, to) => {
      const entry = entrySatellite({ ...view, centre }, to)
      const hops = windowPositions(torus, centre, 3, 3).map((at) => hopDistance(torus, at, to))
      expect(entry && inWindow(torus, centre, 3, 3, entry)).toBe(true)
      expect(entry && hopDistance(torus, entry, to)).toBe(Math.min(...hops))
    }),
  )
})

test('a failed satellite of the window is avoided; a failed destination is out of reach', () => {
  const failures = failureSet(torus, { satellites: [{ slot: 10, plane: 2 }], links: [] })
  const entry = entrySatellite(view, { slot: 14, plane: 2 }, failures)
  expect(entry?.slot).toBe(10)
  expect(entry?.plane).not.toBe(2)
  expect(entrySatellite(view, { slot: 10, plane: 2 }, failures)).toBeNull()
})
