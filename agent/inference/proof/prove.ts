import type { ProofAnswer, ProofRequest } from '#shared/contract/agent-control'
import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { blockHashes, hashText } from '#shared/kvc/block-hash'
import { answerRequest, type CachedModel } from '../answer-request'
import type { Engine } from '../engine/engine'
import { withZeroedValues } from './zeroed-values'

/** One answer, greedily, with a digest of all logits behind each token if asked for. */
export async function prove(
  model: CachedModel,
  request: ProofRequest,
  signal: AbortSignal,
): Promise<ProofAnswer> {
  const { engine, blockTokens } = model
  const whole = await tokensOfBeginning(engine, request.text)
  if (whole.length < request.promptTokens) {
    const message = `the text has ${whole.length} tokens, not ${request.promptTokens}`
    throw new SkyError('invalid_argument', message, 'Ask for a shorter prompt.')
  }
  const prompt = whole.slice(0, request.promptTokens)
  const tokens: number[] = []
  const logits: string[] = []
  const measurement = await answerRequest(cacheOf(model, request), {
    prompt,
    maxTokens: request.maxTokens,
    withLogits: request.withLogits,
    signal,
    onToken: (token) => {
      tokens.push(token.id)
      logits.push(token.logits ?? '')
      return undefined
    },
  })
  const { lookupMs, getMs, restoreMs, prefillMs, ttftMs, setMs } = measurement
  return {
    promptTokens: prompt.length,
    blockHashes: blockHashes(prompt, blockTokens, engine.model.namespace).map(hashText),
    blockBytes: blockTokens * engine.model.kvcBytesPerToken,
    blocksHit: measurement.blocksHit,
    tokens,
    logits,
    times: { lookupMs, getMs, restoreMs, prefillMs, ttftMs, setMs },
    error: measurement.status === 'ok' ? null : failure(measurement.errorCode),
  }
}

/** As much of the text as the context may have room for; a text is refused whole that certainly has more. */
async function tokensOfBeginning(engine: Engine, text: string): Promise<number[]> {
  for (let length = text.length; ; length = Math.floor(length * 0.8)) {
    try {
      return await engine.promptTokens(text.slice(0, length))
    } catch (thrown) {
      if (length === 0 || toErrorBody(thrown).code !== 'context_length_exceeded') throw thrown
    }
  }
}

function cacheOf(model: CachedModel, { useCache, zeroValuesOfBlock }: ProofRequest): CachedModel {
  if (!useCache || model.kvc === null) return { ...model, kvc: null }
  return zeroValuesOfBlock === null
    ? model
    : { ...model, kvc: withZeroedValues(model.kvc, zeroValuesOfBlock) }
}

const failure = (code: ErrorBody['code'] | null): ErrorBody => ({
  code: code ?? 'internal',
  message: `the answer failed (${code ?? 'unknown'})`,
  hint: 'See the log of the inference host.',
  details: {},
})
