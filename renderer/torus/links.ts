import { samePosition, type Position } from '#shared/constellation/torus'
import type { LabState } from '#shared/contract/console-api'
import type { CellSize } from './cells'

export type FailedLink = Extract<LabState, { kind: 'running' }>['failures']['links'][number]

export interface LinkCanvas {
  readonly slots: number
  readonly planes: number
  readonly cell: CellSize
  readonly colours: { readonly link: string; readonly fault: string }
}

/** Draw the inter-satellite links between the cells; those that wrap around show as stubs at both edges. */
export function drawLinks(
  context: CanvasRenderingContext2D,
  canvas: LinkCanvas,
  failed: readonly FailedLink[],
): void {
  const { slots, planes, colours } = canvas
  const { width, height, gap } = canvas.cell
  const stub = Math.max(2, gap)
  const isFailed = (from: Position, direction: FailedLink['direction']): boolean =>
    failed.some((link) => link.direction === direction && samePosition(link, from))

  for (let plane = 0; plane < planes; plane++) {
    for (let slot = 0; slot < slots; slot++) {
      const x = slot * (width + gap) + width
      const y = plane * (height + gap) + height
      if (slots > 1) stroke(isFailed({ slot, plane }, 'slot'), x, y - height / 2, gap, 0, slot === slots - 1)
      if (planes > 1)
        stroke(isFailed({ slot, plane }, 'plane'), x - width / 2, y, 0, gap, plane === planes - 1)
    }
  }

  function stroke(fault: boolean, x: number, y: number, dx: number, dy: number, wraps: boolean): void {
    // Between small cells, links that work would only be noise.
    if (!fault && gap < 6) return
    context.strokeStyle = fault ? colours.fault : colours.link
    context.lineWidth = fault ? 2 : 1
    context.setLineDash(fault ? [2, 2] : [])
    context.beginPath()
    const length = wraps ? stub : 1
    context.moveTo(x, y)
    context.lineTo(x + (dx > 0 ? (wraps ? length : dx) : 0), y + (dy > 0 ? (wraps ? length : dy) : 0))
    if (wraps) {
      // The other end of the same link, at the opposite edge.
      const backX = dx > 0 ? 0 : x
      const backY = dy > 0 ? 0 : y
      context.moveTo(backX, backY)
      context.lineTo(backX - (dx > 0 ? stub : 0), backY - (dy > 0 ? stub : 0))
    }
    context.stroke()
  }
}
