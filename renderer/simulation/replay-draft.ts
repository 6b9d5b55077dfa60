import type { DeclaredTrace, ReplayQuestion, TraceInspection } from '#shared/contract/simulation-api'
import { mostCaches } from '#shared/contract/simulation-api'
import { cachePolicies, type CachePolicy } from '#shared/simulation/replay/block-cache'
import { arrivalDefaults } from '#shared/simulation/traces/arrivals'
import { mostTokens } from '#shared/simulation/traces/fields'
import { firstDeclared, type Declared } from './declared-draft'
import type { FieldProblem } from './latency-check'
import { parseQuantities, parseQuantity } from './quantity'

/** The form of a replay as it is typed. */
export interface ReplayDraft extends Declared {
  readonly policies: readonly CachePolicy[]
  readonly capacities: string
  /** Empty = the format's own. */
  readonly blockTokens: string
  readonly skipBadLines: boolean
  readonly sortByTime: boolean
}

export const firstReplayDraft: ReplayDraft = {
  policies: ['lru', 's3-fifo', 'optimum'],
  capacities: '1000, 2000, 5000, 10000, 20000, 50000, 100000',
  ...firstDeclared,
  blockTokens: '',
  skipBadLines: false,
  sortByTime: false,
}

export type ReplayField = 'policies' | 'capacities' | 'sharedTokens' | 'arrivalRate' | 'blockTokens'

export interface CheckedReplay {
  readonly problems: ReadonlyMap<ReplayField, FieldProblem>
  /** What to ask; null while anything is wrong. */
  readonly question: ReplayQuestion | null
}

/**
 * The form against a trace. Every policy at every capacity, and one cache without end, which is the ceiling of them all (no policy
 * decides anything in it).
 */
export function checkReplay(draft: ReplayDraft, trace: TraceInspection): CheckedReplay {
  const problems = new Map<ReplayField, FieldProblem>()
  const capacities = numbers(
    'capacities',
    draft.capacities,
    problems,
    isCount,
    'whole numbers of blocks from 1 on',
  )
  const declared: DeclaredTrace = {
    path: trace.path,
    ...(draft.blockTokens.trim() === ''
      ? {}
      : { blockTokens: one('blockTokens', draft.blockTokens, problems, isTokens, tokensAllowed) }),
    ...(trace.knowsPrefixes ? {} : { prefixModel: prefixModelOf(draft, problems) }),
    ...(trace.knowsArrivals
      ? {}
      : {
          arrivals: {
            perSecond: one(
              'arrivalRate',
              draft.arrivalRate,
              problems,
              (value) => value > 0,
              'a number above 0',
            ),
            ...arrivalDefaults,
          },
        }),
    skipBadLines: draft.skipBadLines,
    sortByTime: draft.sortByTime,
  }
  // The order of the definition, so that results do not depend on the order of clicks.
  const policies = cachePolicies.filter((policy) => draft.policies.includes(policy))
  if (policies.length === 0)
    problems.set('policies', { message: 'no policy is chosen', allowed: 'Choose one or more.' })
  const caches: ReplayQuestion['caches'] = [
    { policy: policies[0] ?? 'lru', capacity: null },
    ...policies.flatMap((policy) => capacities.map((capacity) => ({ policy, capacity }))),
  ]
  if (caches.length > mostCaches) {
    const message = `${caches.length} caches`
    problems.set('capacities', {
      message,
      allowed: `Allowed: up to ${mostCaches}, policies times capacities.`,
    })
  }
  return { problems, question: problems.size === 0 ? { trace: declared, caches } : null }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1
const isTokens = (value: number): boolean => isCount(value) && value <= mostTokens
const tokensAllowed = `a whole number of tokens from 1 to ${mostTokens}`

function prefixModelOf(
  draft: ReplayDraft,
  problems: Map<ReplayField, FieldProblem>,
): DeclaredTrace['prefixModel'] {
  switch (draft.prefixModel) {
    case 'none':
    case 'session':
      return { kind: draft.prefixModel }
    case 'shared':
      return {
        kind: 'shared',
        tokens: one('sharedTokens', draft.sharedTokens, problems, isTokens, tokensAllowed),
      }
  }
}

function numbers(
  field: ReplayField,
  text: string,
  problems: Map<ReplayField, FieldProblem>,
  is: (value: number) => boolean,
  allowed: string,
): number[] {
  const parsed = parseQuantities(text, 'count')
  const bad = parsed.ok ? parsed.values.find((value) => !is(value)) : undefined
  if (parsed.ok && bad === undefined) return parsed.values.toSorted((a, b) => a - b)
  const message = parsed.ok ? `${bad}` : parsed.problem
  problems.set(field, { message, allowed: `Allowed: ${allowed}.` })
  return []
}

function one(
  field: ReplayField,
  text: string,
  problems: Map<ReplayField, FieldProblem>,
  is: (value: number) => boolean,
  allowed: string,
): number {
  const parsed = parseQuantity(text, 'count')
  const value = parsed.ok ? parsed.values[0]! : Number.NaN
  if (is(value)) return value
  problems.set(field, { message: parsed.ok ? `${value}` : parsed.problem, allowed: `Allowed: ${allowed}.` })
  return Number.NaN
}
