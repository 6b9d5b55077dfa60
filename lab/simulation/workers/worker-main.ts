import { answerTasks } from './answer-tasks'
import { workerTasks } from './tasks'

/** The file of the worker threads: bundled to out/workers/skymemory-worker.mjs, and started by the pool. */
export const run = answerTasks(workerTasks)
