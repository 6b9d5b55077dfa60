import { readFile, rm, writeFile } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'
import { assembleState } from '#shared/kvc/llama-state/assemble-state'
import { parseState } from '#shared/kvc/llama-state/parse-state'
import { sliceBlock } from '#shared/kvc/llama-state/slice-block'
import { spareTokens, type LoadedLlama } from './loaded-llama'

export interface CacheTrial {
  readonly blockTokens: number
  /** Where states pass; removed afterwards. */
  readonly stateFile: string
  /** What becomes of a block on its way through the cache: nothing, unless the trial itself is tried. */
  readonly onTheWay?: (block: Uint8Array) => Uint8Array
}

/** Blocks of the trial's prompt: one that follows another. */
const mostBlocks = 2
/** At least one token of a prompt is computed. */
const tailTokens = 1
const mostAnswerTokens = 3
/** A model may end its answer at once: then nothing can be compared, and another prompt is tried. */
const mostPrompts = 8

/** Of a loaded model, what the trial needs. */
export type TriedModel = Pick<LoadedLlama, 'describe' | 'begin' | 'evaluate' | 'generate' | 'save'>

/**
 * Whether a model's cache can be cut into blocks of tokens and put together again: a prompt of two blocks and a token is answered from
 * nothing, from its first block and from both, and every logit must be equal to the last bit. It takes as long as computing three blocks.
 * In a context in which no prompt could use a block there is nothing to try.
 * @throws SkyError not_supported when it is another answer; engine_failed when the state is none of keys and values of each token
 */
export async function tryCache(model: TriedModel, trial: CacheTrial): Promise<void> {
  const { contextTokens } = model.describe()
  const room = contextTokens - spareTokens - tailTokens - 1
  const blocks = Math.min(mostBlocks, Math.floor(room / trial.blockTokens))
  for (let first = 0; blocks > 0 && first < mostPrompts; first++) {
    if (await agree(model, trial, blocks, first)) return
  }
  if (blocks === 0) return
  throw new SkyError('not_supported', 'the model gives no answer that could be compared')
}

/** @returns false when there was no answer to compare */
async function agree(
  model: TriedModel,
  { blockTokens, stateFile, onTheWay = (block) => block }: CacheTrial,
  blocks: number,
  first: number,
): Promise<boolean> {
  const prompt = someTokens(model.describe().vocabulary, blocks * blockTokens + tailTokens, first)
  try {
    await model.begin(null, 0)
    const cold = await answer(model, prompt, blockTokens, 0)
    if (cold.length === 0) return false
    await model.save(stateFile)
    const bytes = await readFile(stateFile)
    const state = parseState(bytes)
    const cached = Array.from({ length: blocks }, (_, i) =>
      onTheWay(sliceBlock(state, bytes, i, blockTokens)),
    )
    for (let count = 1; count <= blocks; count++) {
      const tokens = prompt.slice(0, count * blockTokens)
      const parts = assembleState(state.layout, tokens, cached.slice(0, count), blockTokens)
      await writeFile(stateFile, Buffer.concat(parts), { mode: 0o600 })
      await model.begin(stateFile, tokens.length)
      const warm = await answer(model, prompt, blockTokens, tokens.length)
      if (warm.join() !== cold.join()) {
        const message = `with ${count} of ${blocks} blocks from its cache the model answers otherwise than without`
        throw new SkyError('not_supported', message)
      }
    }
    return true
  } finally {
    await rm(stateFile, { force: true })
  }
}

/** Tokens of any kind, the same every time; steps of a prime number meet nearly all of a vocabulary. */
const someTokens = (vocabulary: number, count: number, first: number): number[] =>
  Array.from({ length: count }, (_, i) => (first + (i + 1) * 7_919) % vocabulary)

/** Each token of the answer with the digest of its logits. */
async function answer(
  model: TriedModel,
  prompt: readonly number[],
  blockTokens: number,
  from: number,
): Promise<string[]> {
  let next = from
  for (; next + blockTokens < prompt.length; next += blockTokens) {
    await model.evaluate(prompt.slice(next, next + blockTokens))
  }
  const made: string[] = []
  const sampling = { temperature: 0, topP: 1, seed: 0 }
  const room = model.describe().contextTokens - spareTokens - prompt.length
  const maxTokens = Math.min(mostAnswerTokens, room)
  const request = { tokens: prompt.slice(next), maxTokens, sampling, withLogits: true }
  await model.generate(request, ({ id, logits }) => made.push(`${id} ${logits}`))
  return made
}
