import { describe, expect, test } from 'vitest'
import { placement, type Strategy } from './placement'

declare global {
  interface ImportMeta {
    /** Of Vite: the modules that match, none where no file does. */
    glob<T>(pattern: string, options: { eager: true; import: 'default'; query?: '?raw' }): Record<string, T>
  }
}

/** Placements of the authors' companion simulator, counted from 1: sat = slot + 1, orb = plane + 1. */
interface ReferencePlacement {
  readonly strategy: Strategy
  readonly sats: number
  readonly orbs: number
  readonly center: readonly [number, number]
  readonly servers: number
  readonly rotations: number
  readonly positions: readonly (readonly [number, number])[]
}

const files = import.meta.glob<readonly ReferencePlacement[]>(
  '../../../shared/reference/placements-19x5.json',
  { eager: true, import: 'default' },
)
const references = Object.values(files)[0]

describe("placements of the authors' companion simulator", () => {
  if (references === undefined) {
    test.skip('skipped: ../shared/reference/placements-19x5.json is not beside the repository', () =>
      undefined)
    return
  }
  test('there are some of each strategy', () => {
    expect(new Set(references.map((reference) => reference.strategy)).size).toBe(3)
  })
  test.each(references)('$strategy, $servers servers, $rotations rotations', (reference) => {
    const [sat, orb] = reference.center
    const positions = placement({
      strategy: reference.strategy,
      torus: { slots: reference.sats, planes: reference.orbs },
      centre: { slot: sat - 1, plane: orb - 1 },
      servers: reference.servers,
      rotations: reference.rotations,
    })
    expect(positions.map(({ slot, plane }) => [slot + 1, plane + 1])).toEqual(reference.positions)
  })
})
