import { z } from 'zod'
import { modelProblem } from '../gguf/model-fit'

/** The part of the console's contract about what runs real models: llama.cpp, as the package `@skymemory/llama`. Composed into `consoleApi`. */

const nothing = z.object({})

export const modelEngine = z.object({
  /** `incomplete`: an installation that broke off; `other version`: a whole one that belongs to another version of this program. */
  state: z.enum(['absent', 'incomplete', 'other version', 'installed']),
  /** Where it lies, or would be installed. */
  folder: z.string(),
  /** Of node-llama-cpp: what is there, and what belongs to this program. */
  version: z.string().nullable(),
  wantedVersion: z.string(),
  /** What an installation downloads, and what it takes on the disk. */
  downloadBytes: z.number(),
  installedBytes: z.number(),
  /** Why this computer cannot run models itself; null = it can. For hosts of labs it is of use anyway. */
  problem: modelProblem.nullable(),
})
export type ModelEngine = z.infer<typeof modelEngine>

export const installProgress = z.object({
  step: z.enum(['download', 'read', 'unpack']),
  /** Of the step, in bytes, or in packages when they are unpacked. */
  done: z.number(),
  total: z.number(),
  /** Of the whole installation, 0..1. */
  fraction: z.number(),
})
export type InstallProgress = z.infer<typeof installProgress>

export const modelEngineApi = {
  methods: {
    modelEngine: { params: nothing, result: modelEngine },
    /** Goes on where an earlier attempt ended; cancelling the call ends it. `from`: a folder or archive with the files; null = download them. */
    installModelEngine: { params: z.object({ from: z.string().nullable() }), result: modelEngine },
  },
  events: {
    installProgress,
  },
}
