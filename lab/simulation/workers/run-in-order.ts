import type { TaskInput, TaskMap, TaskOutput } from './task'
import type { WorkerPool } from './worker-pool'

/** Tasks in flight for each thread: one runs, one waits, so that no thread is idle while a result is taken. */
const inFlightPerThread = 2

/**
 * Run the same task for many inputs, and give the results in the order of the inputs, whichever is ready first. Inputs are
 * taken only as results are: memory does not grow with their number. A consumer that stops early, an error and the
 * signal end the tasks that are still running.
 * @throws SkyError as `WorkerPool.run`
 */
export async function* runInOrder<Tasks extends TaskMap, Name extends keyof Tasks & string>(
  pool: WorkerPool<Tasks>,
  name: Name,
  inputs: Iterable<TaskInput<Tasks[Name]>>,
  signal?: AbortSignal,
): AsyncGenerator<TaskOutput<Tasks[Name]>, void> {
  const left = new AbortController()
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const running: Promise<TaskOutput<Tasks[Name]>>[] = []
  const iterator = inputs[Symbol.iterator]()
  try {
    for (;;) {
      while (running.length < pool.threads * inFlightPerThread) {
        const next = iterator.next()
        if (next.done === true) break
        const result = pool.run(name, next.value, { signal: ended })
        // It is awaited when its turn comes; until then a rejection has nobody who would take it.
        result.catch(() => undefined)
        running.push(result)
      }
      const first = running.shift()
      if (first === undefined) return
      yield await first
    }
  } finally {
    left.abort()
    await Promise.allSettled(running)
  }
}
