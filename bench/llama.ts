import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestLab } from '#agent/testing/agent-process'
import type { ProofAnswer } from '#shared/contract/agent-control'
import type { ParameterValues } from '#shared/experiment/parameters'
import { writeRandomModel, type RandomModelShape } from '#lab/models/random-model'
import { emptySatellites, llamaParameters, startLlamaLab } from './llama-lab'
import { measureLlamaMemory, type MemoryReport } from './llama-memory'
import { median } from './measure'

/**
 * Tokens that are cached; the largest share of the cold time to the first token that a warm one may take; and the most that everything
 * but computing the tail may take, ms, where there is a target.
 */
const prompts = [
  { cachedTokens: 512, targetRatio: 1 / 8, overheadTargetMs: null },
  { cachedTokens: 1_024, targetRatio: 1 / 12, overheadTargetMs: null },
  { cachedTokens: 2_048, targetRatio: 1 / 16, overheadTargetMs: 150 },
] as const
/** What follows the cached blocks in a prompt, tokens. */
const tailTokens = 32
const [coldRuns, warmRuns] = [3, 3]

type Times = ProofAnswer['times']

export interface PromptReport {
  readonly promptTokens: number
  /** Median over prompts of as many tokens of which nothing was cached. */
  readonly coldTtftMs: number
  readonly coldTtftMsOfRuns: readonly number[]
  /** Medians over the warm runs. */
  readonly warm: Times
  /** Of the prompt's blocks, those that came out of the constellation: all that are full, or the run fails. */
  readonly blocksHit: number
  readonly ratio: number
  readonly targetRatio: number
  readonly ratioMet: boolean
  /** Warm time to the first token without the evaluation of the tail, ms. */
  readonly overheadMs: number
  readonly overheadTargetMs: number | null
  /** Null where there is no target. */
  readonly overheadMet: boolean | null
}

export type LlamaReport =
  | { readonly kind: 'skipped'; readonly why: string }
  | {
      readonly kind: 'measured'
      readonly model: string
      readonly prompts: readonly PromptReport[]
      readonly memory: MemoryReport
    }

/**
 * A real model with random weights, with blocks from the local satellites.
 * @param shape of the model: targets are those of `tinyllama`, TinyLlama-1.1B's shape in q4_0
 * @throws Error when a block is not found that was stored
 */
export async function benchLlama(shape: RandomModelShape = 'tinyllama'): Promise<LlamaReport> {
  const packageFolder = join(import.meta.dirname, '../../agent/llama')
  if (!existsSync(join(packageFolder, 'node_modules', 'node-llama-cpp'))) {
    return { kind: 'skipped', why: 'the package @skymemory/llama is not installed' }
  }
  const modelsDirectory = mkdtempSync(join(tmpdir(), 'skymemory-bench-models-'))
  try {
    await writeRandomModel(join(modelsDirectory, `${shape}.gguf`), { shape, seed: 1 })
    const parameters = llamaParameters(shape)
    const lab = await startLlamaLab(packageFolder, modelsDirectory)
    try {
      await emptySatellites(lab, parameters)
      await lab.inference.control.call('openModel', { parameters })
      // Whoever comes first waits for pages, buffers and compilers: a prompt of its own, cold and warm.
      for (let run = 0; run < 2; run++) await ask(lab, textOf('Warm up', 320), 320)
      const reports: PromptReport[] = []
      for (const prompt of prompts) reports.push(await measurePrompt(lab, parameters, prompt))
      const memory = await measureLlamaMemory(lab, parameters)
      return { kind: 'measured', model: `llama, ${shape}, KV f16`, prompts: reports, memory }
    } finally {
      await lab.stop()
    }
  } finally {
    rmSync(modelsDirectory, { recursive: true, force: true })
  }
}

const words = 'A satellite keeps what the model has read and gives it back to whoever asks again '

/** Texts that differ within their first block, so that none finds the blocks of another. */
const textOf = (name: string, tokens: number): string => `${name} ${words.repeat(Math.ceil(tokens / 8))}`

async function ask(lab: TestLab, text: string, promptTokens: number): Promise<ProofAnswer> {
  const how = { useCache: true, withLogits: false, zeroValuesOfBlock: null }
  const answer = await lab.inference.control.call('prove', { text, promptTokens, maxTokens: 2, ...how })
  if (answer.error !== null) throw new Error(`a prompt of ${promptTokens} tokens: ${answer.error.message}`)
  return answer
}

async function measurePrompt(
  lab: TestLab,
  { block_tokens }: ParameterValues,
  { cachedTokens, targetRatio, overheadTargetMs }: (typeof prompts)[number],
): Promise<PromptReport> {
  const promptTokens = cachedTokens + tailTokens
  const asked = async (name: string, blocksHit: number): Promise<ProofAnswer> => {
    const answer = await ask(lab, textOf(name, promptTokens), promptTokens)
    if (answer.blocksHit === blocksHit) return answer
    throw new Error(`${promptTokens} tokens: ${answer.blocksHit} blocks hit instead of ${blocksHit}`)
  }
  const cold: ProofAnswer[] = []
  const nameOf = (run: number): string => `Prompt ${run} of ${cachedTokens}`
  for (let run = 0; run < coldRuns; run++) cold.push(await asked(nameOf(run), 0))
  const blocksHit = cachedTokens / block_tokens
  const warm: ProofAnswer[] = []
  for (let run = 0; run < warmRuns; run++) warm.push(await asked(nameOf(coldRuns - 1), blocksHit))

  const coldTtftMsOfRuns = cold.map(({ times }) => times.ttftMs ?? NaN)
  const coldTtftMs = median(coldTtftMsOfRuns)
  const times = mediansOf(warm.map((answer) => answer.times))
  const warmTtftMs = times.ttftMs ?? NaN
  const ratio = warmTtftMs / coldTtftMs
  const overheadMs = warmTtftMs - (times.prefillMs ?? NaN)
  return {
    promptTokens,
    coldTtftMs,
    coldTtftMsOfRuns,
    warm: times,
    blocksHit,
    ratio,
    targetRatio,
    ratioMet: ratio <= targetRatio,
    overheadMs,
    overheadTargetMs,
    overheadMet: overheadTargetMs === null ? null : overheadMs < overheadTargetMs,
  }
}

function mediansOf(times: readonly Times[]): Times {
  const of = (key: keyof Times): number => median(times.map((each) => each[key] ?? NaN))
  return {
    lookupMs: of('lookupMs'),
    getMs: of('getMs'),
    restoreMs: of('restoreMs'),
    prefillMs: of('prefillMs'),
    ttftMs: of('ttftMs'),
    setMs: times[0]?.setMs ?? null,
  }
}
