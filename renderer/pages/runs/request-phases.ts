import type { StoredRequest } from '#shared/contract/console-api'

export interface Phase {
  readonly name: string
  readonly kind: 'cache' | 'compute' | 'store' | 'total'
  readonly ms: number
  /** Ends on the time line of the request, 0..1. */
  readonly from: number
  readonly to: number
}

/**
 * Where the time of a request went, in the order in which its parts begin: lookup, get, prefill, then decode after the first
 * token. Setting new blocks goes on beside the decode. A part that was not measured is left out.
 */
export function requestPhases(
  request: Pick<StoredRequest, 'lookupMs' | 'getMs' | 'prefillMs' | 'setMs' | 'ttftMs' | 'e2eMs'>,
): Phase[] {
  const { lookupMs, getMs, prefillMs, setMs, ttftMs, e2eMs } = request
  const lookup = lookupMs ?? 0
  const get = getMs ?? 0
  const prefill = prefillMs ?? 0
  const whole = Math.max(e2eMs ?? 0, ttftMs ?? 0, lookup + get + prefill)
  if (whole <= 0) return []
  const waiting = ttftMs === null ? 0 : ttftMs - lookup - get - prefill
  // The engine computes last before the first token.
  const prefillFrom = ttftMs === null ? lookup + get : Math.max(0, ttftMs - prefill)
  const parts: (Omit<Phase, 'to'> | null)[] = [
    lookupMs === null ? null : { name: 'Lookup', kind: 'cache', ms: lookup, from: 0 },
    getMs === null ? null : { name: 'Get', kind: 'cache', ms: get, from: lookup },
    // The engine was busy with other prompts, or with the step that made the first token.
    waiting <= 0 ? null : { name: 'Waiting', kind: 'total', ms: waiting, from: lookup + get },
    prefillMs === null ? null : { name: 'Prefill', kind: 'compute', ms: prefill, from: prefillFrom },
    ttftMs === null ? null : { name: 'TTFT', kind: 'total', ms: ttftMs, from: 0 },
    ttftMs === null || e2eMs === null
      ? null
      : { name: 'Decode', kind: 'compute', ms: e2eMs - ttftMs, from: ttftMs },
    setMs === null ? null : { name: 'Set', kind: 'store', ms: setMs, from: prefillFrom + prefill },
    e2eMs === null ? null : { name: 'Total', kind: 'total', ms: e2eMs, from: 0 },
  ]
  return parts.flatMap((part) => {
    if (part === null) return []
    const from = Math.min(1, part.from / whole)
    return [{ ...part, from, to: Math.min(1, from + part.ms / whole) }]
  })
}
