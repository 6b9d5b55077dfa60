import { describe, expect, it } from 'vitest'
import { strategies } from '#shared/placement/placement'
import { paperTables } from '#shared/simulation/sweep/paper-sweep'
import { checkDraft } from './latency-check'
import { firstDraft } from './latency-draft'
import { figuresCsv, figureSpec, figureSteps, stepCount, type LatencyFigures } from './latency-figures'

const base = checkDraft(firstDraft).checked!

function finished(): LatencyFigures {
  let last: LatencyFigures | null = null
  for (const figures of figureSteps(base)) last = figures
  return last!
}

describe('latency figures', () => {
  it("are the paper's tables", () => {
    const { points } = finished()
    for (const table of paperTables()) expect(points[table.parameter][table.strategy]).toEqual(table.points)
  })

  it('come in as many steps as they say', () => {
    expect([...figureSteps(base)]).toHaveLength(stepCount(base))
  })

  it('have a hollow line a strategy, in ms', () => {
    const spec = figureSpec(finished(), 'ALTITUDE', 'from-zero')
    expect(spec.series.map(({ key }) => key)).toEqual([...strategies])
    expect(spec.series.every(({ style }) => style.simulated)).toBe(true)
    const last = spec.series[0]!.points.at(-1)!
    expect(last.x).toBe(1920)
    expect(last.y).toBeCloseTo(finished().own.get('rotation')!.maxS * 1000, 9)
  })

  it('are exported point by point, numbers in full', () => {
    const figures = finished()
    const lines = figuresCsv(figures).trimEnd().split('\r\n')
    expect(lines).toHaveLength(1 + 3 * (21 + 4 + 10 + 9))
    const { maxS } = figures.points.KVC_BYTES.rotation[0]!
    expect(
      lines[1]!.startsWith('KVC_BYTES,paper,rotation,15,15,81,0,7,7,1920000,1048576,12288,0.02,86,'),
    ).toBe(true)
    expect(lines[1]!.split(',')[14]).toBe(String(maxS))
  })
})
