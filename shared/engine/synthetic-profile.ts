/**
 * How long the synthetic engine takes. Token p of a prompt (counted from 0) costs 1/rate + quadratic * p seconds:
 * the linear part stands for the matrix products, the other for attention over the p tokens before it.
 */
export interface SyntheticProfile {
  readonly prefillTokensPerS: number
  readonly prefillQuadraticS: number
  readonly decodeTokensPerS: number
}

/** Seconds to compute the prompt's tokens from `cachedTokens` on. */
export function prefillSeconds(
  profile: SyntheticProfile,
  promptTokens: number,
  cachedTokens: number,
): number {
  const tokens = promptTokens - cachedTokens
  const positions = ((cachedTokens + promptTokens - 1) * tokens) / 2
  return tokens / profile.prefillTokensPerS + profile.prefillQuadraticS * positions
}
