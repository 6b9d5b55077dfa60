import { SkyError } from '#shared/contract/errors'
import { answerTasks } from '../answer-tasks'
import type { TaskContext } from '../task'

/** Tasks that show what the pool must cope with. */
export const testTasks = {
  double: (value: number) => value * 2,
  /** Tells what it has done every few milliseconds, without end. */
  endless: async (_: null, { report }: TaskContext<{ ticks: number }>): Promise<never> => {
    for (let ticks = 1; ; ticks++) {
      report({ ticks })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  },
  /** Never lets its thread do anything else. */
  spin: (): never => {
    for (;;);
  },
  later: async ({ ms, value }: { ms: number; value: string }) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return value
  },
  refuse: (line: number): never => {
    throw new SkyError('invalid_argument', `line ${line} is bad`, 'Mend it.', { line })
  },
  fail: (): never => {
    throw new RangeError('out of luck')
  },
  die: (): never => process.exit(3),
  hoard: (): never => {
    const all: unknown[] = []
    for (;;) all.push(new Array(1000).fill(all.length))
  },
} as const
export type TestTasks = typeof testTasks

export const run = answerTasks(testTasks)
