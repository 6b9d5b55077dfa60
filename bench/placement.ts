import { placement, strategies } from '#shared/placement/placement'

export interface PlacementReport {
  readonly servers: number
  readonly torus: string
  /** Mean microseconds of one placement, by strategy, over many centres and epochs. */
  readonly microseconds: Record<string, number>
}

/** Placement of 81 servers on Starlink's first shell (72 planes of 22). */
export function benchPlacement(): PlacementReport {
  const torus = { slots: 22, planes: 72 }
  const servers = 81
  const repetitions = 20_000
  const warmUp = 2_000
  const microseconds: Record<string, number> = {}
  for (const strategy of strategies) {
    const place = (i: number): number =>
      placement({
        strategy,
        torus,
        servers,
        centre: { slot: i % torus.slots, plane: (i * 7) % torus.planes },
        rotations: i % 50,
      }).length
    let placed = 0
    for (let i = 0; i < warmUp; i++) placed += place(i)
    const start = performance.now()
    for (let i = 0; i < repetitions; i++) placed += place(i)
    microseconds[strategy] = ((performance.now() - start) * 1000) / repetitions
    if (placed !== servers * (repetitions + warmUp))
      throw new Error('a placement has the wrong number of servers')
  }
  return { servers, torus: '72 planes of 22', microseconds }
}
