/** Longest that a computation holds the window, ms: less than a frame, so that keys and clicks never wait. */
const sliceMs = 10

/** How a computation gives way to the window and goes on. */
export interface SliceClock {
  readonly now: () => number
  readonly pause: () => Promise<void>
}

export const windowClock: SliceClock = {
  now: () => performance.now(),
  pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
}

/**
 * Take the steps of a computation in slices. The first slice runs at once: what is quick is done when the call returns its promise.
 * @param onSlice told the newest value after every slice
 * @returns false where the signal ended it before its last step
 */
export async function inSlices<T>(
  steps: Iterator<T>,
  onSlice: (value: T, taken: number) => void,
  signal: AbortSignal,
  clock: SliceClock = windowClock,
): Promise<boolean> {
  let taken = 0
  for (;;) {
    const until = clock.now() + sliceMs
    let newest: { readonly value: T } | null = null
    let isOver = false
    do {
      const step = steps.next()
      if (step.done === true) isOver = true
      else {
        newest = { value: step.value }
        taken += 1
      }
    } while (!isOver && clock.now() < until)
    if (newest) onSlice(newest.value, taken)
    if (isOver) return true
    await clock.pause()
    if (signal.aborted) return false
  }
}
