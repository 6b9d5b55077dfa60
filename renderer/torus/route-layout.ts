import { shortestDelta, type Torus } from '#shared/constellation/torus'
import type { Route } from '#shared/experiment/records'

/** A place on the unrolled torus: columns and rows may be negative, or beyond the torus, where a path wraps around. */
export interface UnrolledStep {
  readonly column: number
  readonly row: number
  readonly slot: number
  readonly plane: number
  readonly propagationMs: number
}

export interface RouteLayout {
  readonly routes: readonly { readonly server: number; readonly steps: readonly UnrolledStep[] }[]
  /** What the map shows: the routes and a margin of one satellite. */
  readonly columns: readonly [number, number]
  readonly rows: readonly [number, number]
}

/** Lay paths out around `origin`, so that a path that wraps around the torus stays in one piece. */
export function layOutRoutes(
  torus: Torus,
  routes: readonly Route[],
  origin: { slot: number; plane: number },
): RouteLayout {
  const laidOut = routes.map(({ server, steps }) => {
    let column = 0
    let row = 0
    let before = origin
    return {
      server,
      steps: steps.map((step): UnrolledStep => {
        column += shortestDelta(before.slot, step.slot, torus.slots)
        row += shortestDelta(before.plane, step.plane, torus.planes)
        before = step
        return { ...step, column, row }
      }),
    }
  })
  const all = laidOut.flatMap((route) => route.steps)
  const range = (values: number[]): readonly [number, number] => [
    Math.min(0, ...values) - 1,
    Math.max(0, ...values) + 1,
  ]
  return {
    routes: laidOut,
    columns: range(all.map((step) => step.column)),
    rows: range(all.map((step) => step.row)),
  }
}
