import type { ConsoleApi } from '#shared/contract/console-api'
import type { Handlers } from '#shared/contract/rpc'
import { estimateDurationS } from '../experiments/estimate'
import { planTrials } from '#shared/experiment/grid'
import { parseExperiment } from '#shared/experiment/parse'
import { presets } from '#shared/experiment/presets'

export function experimentHandlers(): Pick<Handlers<ConsoleApi>, 'presets' | 'checkExperiment'> {
  return {
    presets: () => [...presets],
    checkExperiment: ({ yaml }) => {
      const parsed = parseExperiment(yaml)
      if (!parsed.ok) return parsed
      const trials = planTrials(parsed.experiment)
      return { ok: true, name: parsed.experiment.name, trials, estimateS: estimateDurationS(trials) }
    },
  }
}
