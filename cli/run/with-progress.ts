import { showFraction, type FractionProgress } from '../output/fraction-progress'
import type { Terminal } from '../output/terminal'
import { listenForInterrupts } from './interrupts'

/** Do something that takes a while, with a bar; Ctrl+C aborts its signal. */
export async function withProgress<T>(
  terminal: Terminal,
  work: (progress: FractionProgress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const progress = showFraction(terminal)
  const interrupts = listenForInterrupts()
  try {
    return await work(progress, interrupts.signal)
  } finally {
    progress.stop()
    interrupts.stop()
  }
}
