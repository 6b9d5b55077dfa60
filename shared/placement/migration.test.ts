import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wrap, type Torus } from '../constellation/torus'
import { boxOf } from './box'
import { migrationPlan } from './migration'
import { centreAt, placement } from './placement'
import { anyPlacement } from './testing/any-placement'

const testbed: Torus = { slots: 19, planes: 5 }
const centre = { slot: 9, plane: 2 }

describe('rotation of the constellation', () => {
  test('as printed by the companion simulator: 9 servers after two rotations', () => {
    const options = { torus: testbed, centre, servers: 9, rotations: 2 } as const
    const fromOne = (strategy: 'rotation' | 'hop_rotation') =>
      placement({ ...options, strategy }).map(({ slot, plane }) => `${slot + 1},${plane + 1}`)
    expect(fromOne('rotation').join(' ')).toBe('9,2 7,2 8,2 9,3 7,3 8,3 9,4 7,4 8,4')
    expect(fromOne('hop_rotation').join(' ')).toBe('7,3 7,2 8,3 7,4 9,3 8,2 9,2 8,4 9,4')
  })

  test('hop never moves', () => {
    const options = { strategy: 'hop', torus: testbed, centre, servers: 25 } as const
    expect(placement({ ...options, rotations: 7 })).toEqual(placement({ ...options, rotations: 0 }))
    expect(migrationPlan({ ...options, fromEpoch: 3 })).toEqual([])
    expect(centreAt({ ...options, rotations: 7 })).toEqual(centre)
  })

  test('after r rotations the servers fill the box around the centre of that epoch', () => {
    fc.assert(
      fc.property(
        anyPlacement,
        fc.constantFrom('rotation' as const, 'hop_rotation' as const),
        (options, strategy) => {
          const { torus, servers } = options
          const middle = centreAt({ ...options, strategy })
          const box = boxOf(torus, middle, servers)
          for (const at of placement({ ...options, strategy })) {
            expect(wrap(at.slot - box.firstSlot, torus.slots)).toBeLessThan(box.width)
            expect(wrap(at.plane - box.firstPlane, torus.planes)).toBeLessThan(box.height)
          }
        },
      ),
    )
  })

  test('one rotation moves exactly the servers of the leaving column, in their planes, to the entering one', () => {
    fc.assert(
      fc.property(
        anyPlacement,
        fc.constantFrom('rotation' as const, 'hop_rotation' as const),
        (options, strategy) => {
          const { torus, servers, rotations } = options
          const box = boxOf(torus, centreAt({ ...options, strategy }), servers)
          const leaving = wrap(box.firstSlot + box.width - 1, torus.slots)
          const entering = wrap(box.firstSlot - 1, torus.slots)
          const before = placement({ ...options, strategy })
          const after = placement({ ...options, strategy, rotations: rotations + 1 })
          before.forEach((from, server) => {
            const expected = from.slot === leaving ? { slot: entering, plane: from.plane } : from
            expect(after[server]).toEqual(expected)
          })
        },
      ),
      { numRuns: 500 },
    )
  })

  test('the migration plan is the difference of consecutive placements', () => {
    fc.assert(
      fc.property(anyPlacement, ({ rotations, ...options }) => {
        const moves = migrationPlan({ ...options, fromEpoch: rotations })
        const positions = placement({ ...options, rotations })
        for (const { server, from, to } of moves) {
          expect(positions[server]).toEqual(from)
          expect(to.plane).toBe(from.plane)
          expect(to).not.toEqual(from)
          positions[server] = to
        }
        expect(positions).toEqual(placement({ ...options, rotations: rotations + 1 }))
      }),
      { numRuns: 300 },
    )
  })

  test('a box as wide as the torus has nothing to move', () => {
    const options = {
      strategy: 'rotation',
      torus: { slots: 5, planes: 5 },
      centre: { slot: 2, plane: 2 },
    } as const
    expect(migrationPlan({ ...options, servers: 25, fromEpoch: 0 })).toEqual([])
  })
})
