/**
 * Ctrl+C once: end cleanly. Twice: end at once; hosts of this process end with it, and what was stored is kept.
 * @returns the signal of the clean end, and how to stop listening
 */
export function listenForInterrupts(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  const interrupted = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupted)
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of signals) process.off(signal, interrupted)
    },
  }
}
