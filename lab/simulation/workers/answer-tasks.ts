import { toErrorBody } from '#shared/contract/errors'
import type { TaskContext, TaskMap } from './task'
import type { TaskAnswer, TaskCall } from './task-call'

/** Between two reports of progress, ms: often enough for an eye, seldom enough to cost nothing. */
const progressIntervalMs = 100

/** The worker's side of the pool: answers calls by running the task of that name. */
export function answerTasks(tasks: TaskMap): (call: TaskCall) => Promise<TaskAnswer> {
  return async ({ name, input, progress }) => {
    try {
      const task = tasks[name]
      if (task === undefined) throw new Error(`there is no task ${name}`)
      return { ok: true, value: await task(input as never, throttled(progress)) }
    } catch (thrown) {
      return { ok: false, error: toErrorBody(thrown) }
    } finally {
      progress?.close()
    }
  }
}

function throttled(port: TaskCall['progress']): TaskContext<unknown> {
  let reportedAt = -Infinity
  return {
    report: (progress) => {
      const now = performance.now()
      if (port === null || now - reportedAt < progressIntervalMs) return
      reportedAt = now
      port.postMessage(progress)
    },
  }
}
