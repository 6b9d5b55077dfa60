import { z } from 'zod'
import { modelProblem } from '../gguf/model-fit'
import { modelName, storedModel } from '../gguf/stored-model'

/** The part of the console's contract about models that are kept on this computer. Composed into `consoleApi`. */

const nothing = z.object({})
const named = z.object({ name: modelName })

export const localModel = storedModel.extend({
  path: z.string(),
  state: z.enum(['present', 'changed', 'missing']),
  /** Of its header; null where that cannot be read. */
  architecture: z.string().nullable(),
  quantisation: z.string().nullable(),
  parameters: z.number().nullable(),
  /** Bytes that a token takes in the cache; null when its cache cannot be kept so. */
  bytesPerToken: z.object({ f16: z.number().nullable(), q8_0: z.number().nullable() }).nullable(),
  /** What keeps it from running on this computer now, and warnings. */
  problems: z.array(modelProblem),
})
export type LocalModel = z.infer<typeof localModel>

export const localModelProgress = z.object({
  step: z.enum(['read', 'copy', 'check', 'write']),
  /** Of the step, 0..1. */
  fraction: z.number(),
})
export type LocalModelProgress = z.infer<typeof localModelProgress>

export const localModelApi = {
  methods: {
    localModels: { params: nothing, result: z.array(localModel) },
    /** Keep a file of this computer under its name. Its progress comes as events, cancelling the call ends it. */
    addLocalModel: { params: z.object({ file: z.string() }), result: named },
    /** Make a tiny model of random weights, unless it is there, and keep it. */
    addRandomModel: { params: nothing, result: named },
    /** The file that it was added from stays. */
    removeLocalModel: { params: named, result: named },
  },
  events: {
    localModelProgress,
  },
}
