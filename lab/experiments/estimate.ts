import type { PlannedTrial } from '#shared/contract/console-api'
import type { ParameterValues } from '#shared/experiment/parameters'

/** A question of the workload and the words around it, tokens. */
const questionTokens = 24
/** Preparing the hosts for a trial, s. */
const preparationS = 0.5
/** Share of a prompt that a cache is expected to hold, when nothing has been measured yet. */
const expectedHitRate = 0.6

/**
 * Rough wall time of some trials, s, from the rates of the synthetic engine: enough to choose between coffee and lunch.
 * Fetches are left out; on one machine they are short beside computing.
 */
export function estimateDurationS(trials: readonly PlannedTrial[]): number {
  return trials.reduce((sum, { parameters }) => sum + preparationS + trialS(parameters), 0)
}

function trialS(parameters: ParameterValues): number {
  const { cache, turns, sessions, concurrency, document_tokens, output_tokens } = parameters
  const computed = cache === 'off' ? 1 : 1 - expectedHitRate
  let conversationS = 0
  for (let turn = 0; turn < turns; turn++) {
    const prompt = document_tokens + questionTokens + turn * (questionTokens + output_tokens)
    const prefillS =
      prompt / parameters.prefill_tokens_per_s + (parameters.prefill_quadratic_s * prompt ** 2) / 2
    conversationS += computed * prefillS + output_tokens / parameters.decode_tokens_per_s
  }
  return (conversationS * sessions) / Math.min(concurrency, sessions)
}
