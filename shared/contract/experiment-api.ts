import { z } from 'zod'
import { parameterValues } from '../experiment/parameters'
import { fileProblem } from './problem'

/** The part of the console's contract about experiments before they are run. Composed into `consoleApi`. */

const nothing = z.object({})

export const plannedTrial = z.object({
  trialId: z.string(),
  repeat: z.int(),
  seed: z.int(),
  /** The factor values of this cell, in the order of the file; a factor that has no meaning here is absent. */
  factors: z.record(z.string(), z.union([z.string(), z.number()])),
  parameters: parameterValues,
})
export type PlannedTrial = z.infer<typeof plannedTrial>

export const experimentCheck = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    name: z.string(),
    trials: z.array(plannedTrial),
    /** Rough wall time of all trials, from the rates of the model; null where it cannot be told. */
    estimateS: z.number().nullable(),
  }),
  z.object({ ok: z.literal(false), problems: z.array(fileProblem) }),
])
export type ExperimentCheck = z.infer<typeof experimentCheck>

export const preset = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  yaml: z.string(),
})
export type Preset = z.infer<typeof preset>

export const experimentApi = {
  methods: {
    presets: { params: nothing, result: z.array(preset) },
    checkExperiment: { params: z.object({ yaml: z.string() }), result: experimentCheck },
  },
}
