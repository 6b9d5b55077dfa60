import { isAbsolute } from 'node:path'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { traceSettings } from '#shared/simulation/traces/trace-options'
import type { ReplayJobs } from '../simulation/replay/replay-jobs'
import { writeFigures } from '../simulation/figures/write-figures'
import { latencySvgs } from '../simulation/figures/latency-svgs'
import { lookAtTrace } from '../traces/look-at-trace'

type SimulationMethods = 'exportFigures' | 'inspectTrace' | 'startReplay' | 'cancelReplay' | 'replay'

export interface SimulationHandlerOptions {
  readonly replays: ReplayJobs
  /** out/figures of the build: what draws PNG files. */
  readonly figuresDirectory: string
}

export function simulationHandlers({
  replays,
  figuresDirectory,
}: SimulationHandlerOptions): Pick<Handlers<ConsoleApi>, SimulationMethods> {
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
    exportFigures: async (question) => {
      const directory = absolute(question.directory)
      const files = await writeFigures(latencySvgs(question), directory, figuresDirectory)
      return { directory, files }
    },
  }
}

/** The engine's working directory means nothing to whoever asks. */
function absolute(path: string): string {
  if (isAbsolute(path)) return path
  throw new SkyError('invalid_argument', `${path} is not an absolute path`, 'Choose it anew.')
}
