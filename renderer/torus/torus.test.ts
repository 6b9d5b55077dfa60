import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConstellationSnapshot } from '#shared/contract/console-api'
import { cellSize, cellsOf, moveOn } from './cells'
import { satelliteRates } from './rates'
import { layOutRoutes } from './route-layout'

function snapshot(at: number, gets: number, failed = false): ConstellationSnapshot {
  const counters = {
    chunks: 1,
    bytes: 0,
    sets: 0,
    misses: 0,
    evictions: 0,
    forwarded: 0,
    migratedIn: 0,
    migratedOut: 0,
    migratedBytes: 0,
    purgedBlocks: 0,
    dropped: 0,
  }
  const torus = { slots: 4, planes: 2 }
  return {
    at,
    ...torus,
    epoch: 0,
    centre: { slot: 1, plane: 0 },
    window: [
      { slot: 1, plane: 0 },
      { slot: 2, plane: 0 },
    ],
    servers: [
      { slot: 2, plane: 0 },
      { slot: 3, plane: 1 },
    ],
    satelliteBytes: 100,
    // Not in the order of the grid, as hosts answer in any order.
    satellites: Array.from({ length: 8 }, (_, i) => 7 - i).map((i) => ({
      ...counters,
      slot: i % 4,
      plane: Math.floor(i / 4),
      gets,
      bytes: i * 10,
      hostId: 'nuc1',
      failed: failed && i === 7,
    })),
  }
}

describe('rates of satellites', () => {
  it('are counter differences over the time between the readings', () => {
    const rates = satelliteRates(snapshot(1_000, 10), snapshot(3_000, 30))!
    expect(rates.gets[0]).toBe(10)
    expect(rates.busiest).toBe(10)
  })

  it('belong to the satellites of the newer snapshot, and are drawn in their cells', () => {
    const newer = snapshot(2_000, 0)
    const busy = {
      ...newer,
      satellites: newer.satellites.map((one) => ({ ...one, gets: one.slot, sets: one.plane, forwarded: 1 })),
    }
    const rates = satelliteRates(snapshot(1_000, 0), busy)!
    expect(rates.busiest).toBe(5)
    const cells = cellsOf(busy, rates, 'traffic')
    expect(cells.map((cell) => cell.traffic * rates.busiest)).toEqual([1, 2, 3, 4, 2, 3, 4, 5])
    expect(cells[7]!.value).toBe('5\u00a0/s')
  })

  it('count from 0 when a new trial reset the counter', () => {
    expect(satelliteRates(snapshot(1_000, 50), snapshot(2_000, 8))!.gets[0]).toBe(8)
  })

  it('are not told without time between the readings', () => {
    expect(satelliteRates(snapshot(1_000, 1), snapshot(1_000, 2))).toBeNull()
  })
})

describe('cells of the grid', () => {
  const cells = cellsOf(snapshot(0, 0, true), null, 'bytes')

  it('stand in the order of the torus and know what they are', () => {
    expect(cells.map((cell) => cell.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(cells.filter((cell) => cell.server !== null).map((cell) => [cell.index, cell.server])).toEqual([
      [2, 0],
      [7, 1],
    ])
    expect(cells.filter((cell) => cell.inWindow).map((cell) => cell.index)).toEqual([1, 2])
    expect(cells.filter((cell) => cell.centre).map((cell) => cell.index)).toEqual([1])
    expect(cells[7]).toMatchObject({ failed: true, fill: 1 })
  })

  it('name themselves for readers without the picture', () => {
    expect(cells[2]!.label).toMatch(/^Slot 2, plane 0, in the LOS window, server 0, 20.B stored$/)
    expect(cells[7]!.label).toContain('failed')
  })

  it.each([
    [
      { slots: 19, planes: 5 },
      { width: 1000, height: 500 },
    ],
    [
      { slots: 72, planes: 22 },
      { width: 1000, height: 500 },
    ],
  ])('fit into the room: %o', (torus, room) => {
    const { width, height, gap } = cellSize(torus, room)
    expect((width + gap) * torus.slots).toBeLessThanOrEqual(room.width)
    expect((height + gap) * torus.planes).toBeLessThanOrEqual(room.height)
    expect(width).toBeGreaterThanOrEqual(6)
  })
})

it('arrow keys walk around the torus and come back', () => {
  const torus = { slots: 5, planes: 3 }
  fc.assert(
    fc.property(
      fc.nat(4),
      fc.nat(2),
      fc.constantFrom(['ArrowLeft', 'ArrowRight'], ['ArrowUp', 'ArrowDown']),
      (slot, plane, [there, back]) => {
        const from = { slot, plane }
        expect(moveOn(torus, moveOn(torus, from, there)!, back)).toEqual(from)
      },
    ),
  )
  expect(moveOn(torus, { slot: 0, plane: 0 }, 'ArrowLeft')).toEqual({ slot: 4, plane: 0 })
  expect(moveOn(torus, { slot: 0, plane: 0 }, 'a')).toBeNull()
})

it('a path that wraps around the torus is laid out in one piece', () => {
  const torus = { slots: 10, planes: 4 }
  const steps = [
    { slot: 9, plane: 0, propagationMs: 2 },
    { slot: 0, plane: 0, propagationMs: 9 },
    { slot: 0, plane: 3, propagationMs: 30 },
  ]
  const layout = layOutRoutes(torus, [{ server: 0, steps }], { slot: 9, plane: 0 })
  expect(layout.routes[0]!.steps.map(({ column, row }) => [column, row])).toEqual([
    [0, 0],
    [1, 0],
    [1, -1],
  ])
  expect([layout.columns, layout.rows]).toEqual([
    [-1, 2],
    [-2, 1],
  ])
})
