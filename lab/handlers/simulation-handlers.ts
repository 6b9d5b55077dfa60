import { isAbsolute } from 'node:path'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { traceSettings } from '#shared/simulation/traces/trace-options'
import type { ReplayJobs } from '../simulation/replay/replay-jobs'
import { lookAtTrace } from '../traces/look-at-trace'

type SimulationMethods = 'inspectTrace' | 'startReplay' | 'cancelReplay' | 'replay'

export function simulationHandlers(replays: ReplayJobs): Pick<Handlers<ConsoleApi>, SimulationMethods> {
  return {
    inspectTrace: ({ path }) => lookAtTrace(absolute(path)),
    startReplay: async (question) => {
      const { path, ...options } = question.trace
      // What was not declared is told before anything starts, as is a file that is not there.
      const { format } = await lookAtTrace(absolute(path))
      traceSettings(options.format ?? format, options)
      return { replayId: replays.start(question) }
    },
    cancelReplay: ({ replayId }) => {
      replays.cancel(replayId)
      return null
    },
    replay: () => replays.newest,
  }
}

/** The engine's working directory means nothing to whoever asks. */
function absolute(path: string): string {
  if (isAbsolute(path)) return path
  throw new SkyError('invalid_argument', `${path} is not an absolute path`, 'Choose the file anew.')
}
