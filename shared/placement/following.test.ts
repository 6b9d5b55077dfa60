import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hopDistance, samePosition, satelliteIndex, shortestDelta, wrap } from '../constellation/torus'
import { boxOf, type Box } from './box'
import { follow, serversOf, startFollowing } from './following'
import { migrationPlan, movesBetween } from './migration'
import { placement } from './placement'
import { anyPlacement } from './testing/any-placement'

const onGround = fc.constantFrom('rotation' as const, 'hop_rotation' as const)
/** Ways that a centre goes: mostly short ones, as in orbit, and some that go anywhere. */
const anyWay = fc.array(
  fc.oneof(
    fc.record({ slots: fc.integer({ min: -2, max: 1 }), planes: fc.integer({ min: -1, max: 1 }) }),
    fc.record({ slots: fc.integer({ min: -16, max: 16 }), planes: fc.integer({ min: -12, max: 12 }) }),
  ),
  { minLength: 1, maxLength: 8 },
)

function covers(
  box: Box,
  torus: { slots: number; planes: number },
  at: { slot: number; plane: number },
): boolean {
  return (
    wrap(at.slot - box.firstSlot, torus.slots) < box.width &&
    wrap(at.plane - box.firstPlane, torus.planes) < box.height
  )
}

describe('a placement that follows its centre', () => {
  test('one slot backwards again and again is the rotation of the design', () => {
    fc.assert(
      fc.property(anyPlacement, ({ rotations, ...options }) => {
        const { torus, centre } = options
        let state = startFollowing(options)
        for (let epoch = 0; epoch < rotations; epoch++) {
          const before = serversOf(state)
          expect(before).toEqual(placement({ ...options, rotations: epoch }))
          state = follow(state, { slot: wrap(centre.slot - epoch - 1, torus.slots), plane: centre.plane })
          expect(movesBetween(before, serversOf(state))).toEqual(
            migrationPlan({ ...options, fromEpoch: epoch }),
          )
        }
      }),
    )
  })

  test('wherever the centre goes, every server has one place in the box around it', () => {
    fc.assert(
      fc.property(anyPlacement, onGround, anyWay, (any, strategy, way) => {
        const { torus, servers } = any
        let state = startFollowing({ ...any, strategy })
        for (const { slots, planes } of way) {
          const centre = {
            slot: wrap(state.centre.slot + slots, torus.slots),
            plane: wrap(state.centre.plane + planes, torus.planes),
          }
          state = follow(state, centre)
          const places = serversOf(state)
          expect(new Set(places.map((at) => satelliteIndex(torus, at))).size).toBe(servers)
          const box = boxOf(torus, centre, servers)
          for (const at of places) expect(covers(box, torus, at)).toBe(true)
        }
      }),
    )
  })

  test('a server on a satellite of both boxes stays, so that a full box moves no more servers than it must', () => {
    fc.assert(
      fc.property(anyPlacement, onGround, anyWay, (any, strategy, way) => {
        const { torus } = any
        let state = startFollowing({ ...any, strategy })
        for (const { slots, planes } of way) {
          const before = serversOf(state)
          const centre = {
            slot: wrap(state.centre.slot + slots, torus.slots),
            plane: wrap(state.centre.plane + planes, torus.planes),
          }
          state = follow(state, centre)
          const box = boxOf(torus, centre, any.servers)
          const after = serversOf(state)
          before.forEach((from, server) => {
            const to = after[server]
            if (to === undefined) throw new Error('a server is gone')
            // A server leaves its slot only when its column leaves, and its plane only when its row does.
            expect(samePosition(from, to)).toBe(covers(box, torus, from))
            if (covers(box, torus, { ...to, slot: from.slot })) expect(to.slot).toBe(from.slot)
            if (covers(box, torus, { ...to, plane: from.plane })) expect(to.plane).toBe(from.plane)
          })
        }
      }),
    )
  })

  test('a full box goes over as few links as any placement could, where nothing reaches around the torus', () => {
    const sides = fc.constantFrom(1, 3, 5)
    const delta = fc.integer({ min: -8, max: 8 })
    fc.assert(
      fc.property(
        onGround,
        sides,
        fc.array(fc.record({ slots: delta, planes: delta })),
        (strategy, side, way) => {
          const torus = { slots: 40, planes: 42 }
          const servers = side * side
          let state = startFollowing({ strategy, torus, centre: { slot: 1, plane: 40 }, servers })
          for (const { slots, planes } of way) {
            const before = serversOf(state)
            state = follow(state, {
              slot: wrap(state.centre.slot + slots, torus.slots),
              plane: wrap(state.centre.plane + planes, torus.planes),
            })
            const moves = movesBetween(before, serversOf(state))
            const links = moves.reduce((sum, { from, to }) => sum + hopDistance(torus, from, to), 0)
            // The mean of all servers moves with the centre, which no assignment of servers to satellites can undercut.
            expect(links).toBe(servers * (Math.abs(slots) + Math.abs(planes)))
          }
        },
      ),
    )
  })

  test('where the box leaves nothing behind, every server keeps its place relative to the centre', () => {
    const torus = { slots: 30, planes: 30 }
    const start = startFollowing({
      strategy: 'hop_rotation',
      torus,
      centre: { slot: 2, plane: 3 },
      servers: 9,
    })
    const far = { slot: 12, plane: 28 }
    const offsets = (state: typeof start): string[] =>
      serversOf(state).map(
        ({ slot, plane }) =>
          `${shortestDelta(state.centre.slot, slot, 30)},${shortestDelta(state.centre.plane, plane, 30)}`,
      )
    expect(offsets(follow(start, far))).toEqual(offsets(start))
  })

  test('a model on board is never followed', () => {
    const torus = { slots: 19, planes: 5 }
    const start = startFollowing({ strategy: 'hop', torus, centre: { slot: 9, plane: 2 }, servers: 25 })
    expect(follow(start, { slot: 3, plane: 0 })).toBe(start)
  })

  test('refuses what placement refuses', () => {
    const options = { strategy: 'rotation', torus: { slots: 19, planes: 5 }, servers: 9 } as const
    expect(() => startFollowing({ ...options, centre: { slot: 19, plane: 0 } })).toThrow(/not on the torus/)
    expect(() => startFollowing({ ...options, centre: { slot: 0, plane: 0 }, servers: 96 })).toThrow(
      /do not fit/,
    )
  })
})
