import { workerData } from 'node:worker_threads'
import { serveSimulatedLab } from '../system/lab-thread'
import { simulatedLabThread } from '../system/thread-messages'
import { answerTasks } from './answer-tasks'
import { workerTasks } from './tasks'

/**
 * The file of the simulator's threads: bundled to out/workers/skymemory-worker.mjs. Most are workers of a pool, which asks
 * them for tasks; one that is started as a simulated lab serves that.
 */
export const run = answerTasks(workerTasks)

const data = workerData as { simulatedLab?: unknown } | null
if (data?.simulatedLab === simulatedLabThread.simulatedLab) serveSimulatedLab()
