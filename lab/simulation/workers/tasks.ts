import { replayTask } from '../replay/replay-task'
import { simulateTrialTask } from '../system/simulate-trial-task'
import { latencySweepTask } from '../sweep/sweep-task'

/** Every task that the worker threads of the simulator know, by name. */
export const workerTasks = {
  latencySweep: latencySweepTask,
  replay: replayTask,
  simulateTrial: simulateTrialTask,
} as const
export type SimulationTasks = typeof workerTasks
