import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entrySatellite } from '../ground'
import { geometry } from '../geometry'
import { failureSet } from '../routing'
import { positionOf, satelliteIndex, shortestDelta, windowPositions, type Torus } from '../torus'
import { centreAt } from '../../placement/placement'
import { entryOf } from './entry'
import { onBoard } from './on-board'
import { staticTorus } from './static-torus'

const anySky = fc
  .record({ slots: fc.integer({ min: 1, max: 14 }), planes: fc.integer({ min: 1, max: 9 }) })
  .chain((torus) =>
    fc.record({
      torus: fc.constant(torus),
      centre: fc.record({
        slot: fc.nat(torus.slots - 1),
        plane: fc.nat(torus.planes - 1),
      }),
      altitudeM: fc.double({ min: 1, max: 3e6, noNaN: true }),
      preset: fc.constantFrom('default' as const, 'paper' as const),
      losSlots: fc.integer({ min: 1, max: 16 }),
      losPlanes: fc.integer({ min: 1, max: 12 }),
      rotationPeriodS: fc.constantFrom(0, 0.1, 0.3, 1, 4, 301.5),
    }),
  )

describe('the static torus', () => {
  test('rotation k begins at k periods, and views follow each other without a gap', () => {
    fc.assert(
      fc.property(anySky, fc.nat(10_000), (options, epoch) => {
        const sky = staticTorus(options)
        const period = options.rotationPeriodS
        const view = sky.viewAt(epoch * period)
        expect(view.epoch).toBe(period === 0 ? 0 : epoch)
        expect(view.fromS).toBe(view.epoch * period)
        if (period === 0) {
          expect(view.untilS).toBe(Infinity)
          return
        }
        expect(sky.viewAt(view.untilS).epoch).toBe(epoch + 1)
        expect(sky.viewAt(view.untilS).fromS).toBe(view.untilS)
        const last = view.untilS * (1 - Number.EPSILON / 2)
        expect(sky.viewAt(last).epoch).toBe(epoch)
      }),
    )
  })

  test('centre, distances and window are those of the geometry', () => {
    fc.assert(
      fc.property(anySky, fc.double({ min: 0, max: 5000, noNaN: true }), (options, tS) => {
        const { torus } = options
        const sky = staticTorus(options)
        const view = sky.viewAt(tS)
        const centre = centreAt({ ...options, strategy: 'rotation', rotations: view.epoch })
        expect([view.centre, view.placementCentre]).toEqual([centre, centre])
        const { slantM, intraPlaneM, interPlaneM } = geometry({ ...torus, ...options })
        for (let index = 0; index < torus.slots * torus.planes; index++) {
          const at = positionOf(torus, index)
          const slots = shortestDelta(centre.slot, at.slot, torus.slots)
          const planes = shortestDelta(centre.plane, at.plane, torus.planes)
          expect(sky.groundDistanceM(index, tS)).toBe(slantM(slots, planes))
        }
        const window = windowPositions(torus, centre, options.losSlots, options.losPlanes)
        expect([...view.window].sort()).toEqual(window.map((at) => satelliteIndex(torus, at)).sort())
        expect(view.window[0]).toBe(satelliteIndex(torus, centre))
        expect(sky.linkDistanceM(0, torus.slots === 1 ? 0 : 1, tS)).toBe(intraPlaneM)
        if (torus.planes > 1) expect(sky.linkDistanceM(0, torus.slots, tS)).toBe(interPlaneM)
      }),
    )
  })

  test('packets enter where the agents let them enter, with and without failures', () => {
    fc.assert(
      fc.property(
        anySky,
        fc.array(fc.nat(200), { maxLength: 12 }),
        fc.nat(200),
        fc.nat(20),
        (options, failed, destination, epoch) => {
          const { torus, losSlots, losPlanes, rotationPeriodS } = options
          const count = torus.slots * torus.planes
          const satellites = failed.map((index) => positionOf(torus, index % count))
          const failures = failureSet(torus, { satellites, links: [] })
          const { window, centre } = staticTorus(options).viewAt(epoch * rotationPeriodS)
          if (centre === null) throw new Error('a static torus has no gaps')
          const to = positionOf(torus, destination % count)
          const expected = entrySatellite({ torus, centre, losSlots, losPlanes }, to, failures)
          const found = entryOf(torus, window, to, failures)
          expect(found === null ? null : positionOf(torus, found)).toEqual(expected)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('a model on board stays where it is, however the sky turns', () => {
  const torus: Torus = { slots: 19, planes: 5 }
  const ground = staticTorus({
    torus,
    centre: { slot: 9, plane: 2 },
    altitudeM: 550_000,
    preset: 'default',
    losSlots: 3,
    losPlanes: 3,
    rotationPeriodS: 4,
  })
  const sky = onBoard(ground)
  expect(sky.viewAt(400)).toEqual({
    fromS: 0,
    untilS: Infinity,
    epoch: 0,
    centre: { slot: 9, plane: 2 },
    placementCentre: { slot: 9, plane: 2 },
    window: Int32Array.of(47),
  })
  expect(sky.groundDistanceM(47, 400)).toBe(0)
  expect(sky.linkDistanceM(47, 48, 400)).toBe(ground.linkDistanceM(47, 48, 400))
  expect(onBoard(ground, { slot: 0, plane: 1 }).viewAt(1).centre).toEqual({ slot: 0, plane: 1 })
})
