/** A host that ends within this time after the last arrival kept up, whatever the trace's length, s. */
const toleratedS = 60
/** And so did one that took this share of the trace's span longer: a burst at its end is no overload. */
const toleratedShare = 0.25

/**
 * Whether the model's host could not keep up with a trace. Then times to the first token are those of a queue that grows as
 * long as the trace lasts, and hit rates suffer too: a request looks for its prefix when it arrives, and finds nothing that
 * still waits to be computed.
 * @param lastArrivalS of the trace, s after its first request
 * @param endS when everything was answered and stored, s after the first request
 * @returns what to tell the researcher, or null
 */
export function overloadWarning(lastArrivalS: number, endS: number): string | null {
  const behindS = endS - lastArrivalS
  if (behindS <= Math.max(toleratedS, toleratedShare * lastArrivalS)) return null
  return `the model's host fell behind: the last answer ended ${Math.round(behindS)} s after the last arrival (the trace lasts ${Math.round(lastArrivalS)} s). Times to the first token are mostly waiting, and requests looked for blocks that were not computed yet. Raise prefill_tokens_per_s, decode_tokens_per_s or batch_limit to what such a service has`
}
