import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strategies } from '#shared/placement/placement'
import { paperConfiguration } from '#shared/simulation/sweep/paper-sweep'
import { cellLabel, chunkLayout } from './chunk-layout'

describe('chunk layout', () => {
  it('holds every server and every chunk of the block once', () => {
    fc.assert(
      fc.property(
        fc.record({
          strategy: fc.constantFrom(...strategies),
          slots: fc.integer({ min: 1, max: 60 }),
          planes: fc.integer({ min: 1, max: 60 }),
          rotations: fc.integer({ min: 0, max: 70 }),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        ({ strategy, slots, planes, rotations, share }) => {
          const servers = 1 + Math.floor(share * Math.min(120, slots * planes - 1))
          const torus = { slots, planes }
          const centre = { slot: Math.floor(share * (slots - 1)), plane: Math.floor(share * (planes - 1)) }
          const layout = chunkLayout({ ...paperConfiguration, strategy, torus, centre, rotations, servers })
          const drawn = layout.planes.flat().filter((cell) => cell.server !== null)
          expect(drawn.length + layout.serversOutside).toBe(servers)
          expect(new Set(drawn.map((cell) => cell.server!.server)).size).toBe(drawn.length)
          expect(layout.chunks).toBe(1792)
          expect(layout.planes.flat().filter((cell) => cell.centre)).toHaveLength(1)
          for (const { fill } of drawn) expect(fill.time).toBeGreaterThan(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('draws a large torus around the centre', () => {
    const torus = { slots: 22, planes: 72 }
    const layout = chunkLayout({ ...paperConfiguration, torus, centre: { slot: 0, plane: 70 } })
    expect([layout.isWhole, layout.serversOutside]).toEqual([false, 0])
    expect(layout.planes[0]).toHaveLength(22)
    expect(layout.planes.map((row) => row[0]!.plane)).toContain(71)
    expect(layout.planes.map((row) => row[0]!.plane)).toContain(0)
  })

  it('has a LOS window on the ground only', () => {
    const inWindow = (strategy: 'hop' | 'rotation'): number =>
      chunkLayout({ ...paperConfiguration, strategy })
        .planes.flat()
        .filter((cell) => cell.inWindow).length
    expect([inWindow('rotation'), inWindow('hop')]).toEqual([9, 0])
  })

  it('moves with the rotations, as the placement does', () => {
    const layout = chunkLayout({ ...paperConfiguration, rotations: 1 })
    expect(layout.centre).toEqual({ slot: 6, plane: 7 })
    const jumped = layout.planes[3]![2]!
    expect(cellLabel(jumped)).toBe('Slot 2, plane 3, server 8, 23 chunks')
  })
})
