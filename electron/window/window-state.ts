import { z } from 'zod'

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const savedState = z.object({
  bounds: z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() }),
  maximised: z.boolean(),
})
export type SavedWindow = z.infer<typeof savedState>

/** The smallest size at which every page is usable. */
export const smallestWindow = { width: 960, height: 640 }
export const usualWindow = { width: 1440, height: 900 }

/** The window to open: as it was left, unless that is unreadable, too small, or no longer on any screen. */
export function windowToOpen(
  saved: string | null,
  screens: readonly Rectangle[],
): { bounds: Rectangle | null; maximised: boolean } {
  const state = parse(saved)
  if (state === null) return { bounds: null, maximised: false }
  const { bounds } = state
  const fits = bounds.width >= smallestWindow.width && bounds.height >= smallestWindow.height
  return {
    bounds: fits && screens.some((screen) => isGraspable(bounds, screen)) ? bounds : null,
    maximised: state.maximised,
  }
}

function parse(saved: string | null): SavedWindow | null {
  if (saved === null) return null
  try {
    return savedState.parse(JSON.parse(saved))
  } catch {
    return null
  }
}

/** True when enough of the title bar lies on the screen to drag the window by. */
function isGraspable(window: Rectangle, screen: Rectangle): boolean {
  const visible = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x)
  return visible >= 100 && window.y >= screen.y && window.y <= screen.y + screen.height - 40
}
