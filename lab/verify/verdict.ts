import type { ProofAnswer } from '#shared/contract/agent-control'
import type { Verdict } from '#shared/contract/proof-api'

/** What a step must show beside the same answer. */
export interface Expectation {
  /** Fewest and most blocks that may come out of the cache. */
  readonly hits: readonly [number, number]
  /** False: the answer must be another one, because the values were spoilt on purpose. */
  readonly same: boolean
  /** What did not happen without which the step shows nothing; null = everything happened. */
  readonly missing?: string | null
}

/** Compare an answer with the one that was computed without any cache. */
export function judge(
  step: string,
  cold: ProofAnswer,
  answer: ProofAnswer,
  { hits: [least, most], same, missing = null }: Expectation,
): Verdict {
  const blocks = answer.blockHashes.length
  const sameTokens = equal(cold.tokens, answer.tokens)
  const sameLogits = equal(cold.logits, answer.logits)
  const found = { step, blocksHit: answer.blocksHit, blocks, sameTokens, sameLogits }
  const fail = (text: string): Verdict => ({ ...found, passed: false, text })
  const hit = `${answer.blocksHit} of ${blocks} blocks from the cache`
  if (answer.error !== null) return fail(answer.error.message)
  if (missing !== null) return fail(missing)
  if (answer.tokens.length === 0) return fail('the model gave no tokens')
  if (answer.blocksHit < least || answer.blocksHit > most) {
    const expected = least === most ? `${least}` : `${least} to ${most}`
    return fail(`${hit}, where ${expected} were expected`)
  }
  if (!same) {
    return sameLogits
      ? fail(`${hit}; spoilt values went unnoticed`)
      : { ...found, passed: true, text: `${hit}; spoilt values change the answer, and are noticed` }
  }
  const count = answer.tokens.length
  if (!sameTokens) {
    const at = answer.tokens.findIndex((token, i) => token !== cold.tokens[i])
    return fail(`${hit}; another answer: token ${at + 1} of ${count} differs`)
  }
  if (!sameLogits) {
    const at = answer.logits.findIndex((digest, i) => digest !== cold.logits[i])
    return fail(`${hit}; the same ${count} tokens, but the logits behind token ${at + 1} differ`)
  }
  return {
    ...found,
    passed: true,
    text: `${hit}; the same ${count} tokens, every logit equal to the last bit`,
  }
}

const equal = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i])
