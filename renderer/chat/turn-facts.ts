import type { Position } from '#shared/constellation/torus'
import type { ChatAnswer, ChatProgress } from '#shared/contract/chat-api'
import type { ErrorBody } from '#shared/contract/errors'
import type { Route } from '#shared/experiment/records'

export type Fetched = Extract<ChatProgress, { kind: 'fetched' }>

/** A satellite that sent chunks of a prompt. */
export interface Sender extends Position {
  readonly server: number
  /** Links that the request for its chunks traversed, one way; 0 = the model is on board of it. */
  readonly hops: number
}

/** @param centre where the model is on board, whose own chunks travel no link */
export function senders(routes: readonly Route[], centre: Position): Sender[] {
  return routes.map(({ server, steps }) => {
    const { slot, plane } = steps.at(-1) ?? centre
    return { server, slot, plane, hops: steps.length }
  })
}

export interface HopCount {
  readonly hops: number
  readonly chunks: number
  readonly satellites: number
}

/** How far the chunks of a prompt were, nearest first. */
export function chunksByHops(histogram: readonly number[], from: readonly Sender[]): HopCount[] {
  return histogram.flatMap((chunks, hops) =>
    chunks === 0 ? [] : [{ hops, chunks, satellites: from.filter((one) => one.hops === hops).length }],
  )
}

export interface Part {
  readonly name: string
  readonly kind: 'wait' | 'cache' | 'restore' | 'compute'
  readonly ms: number
  /** Of the time to the first token, 0..1. */
  readonly from: number
  readonly to: number
}

/**
 * Where the time to the first token went, in order. What is left between the parts is the wait for the model, and the way of tokens and
 * bytes between processes. Parts that were not measured are left out.
 */
export function partsOfTtft({ measurement, queueMs }: ChatAnswer): Part[] {
  const { lookupMs, getMs, restoreMs, prefillMs, ttftMs } = measurement
  if (ttftMs === null) return []
  const known = queueMs + (lookupMs ?? 0) + (getMs ?? 0) + (restoreMs ?? 0) + (prefillMs ?? 0)
  const parts: [string, Part['kind'], number | null][] = [
    ['Queue', 'wait', queueMs],
    ['Lookup', 'cache', lookupMs],
    ['Get', 'cache', getMs],
    ['Other', 'wait', Math.max(0, ttftMs - known)],
    ['Restore', 'restore', restoreMs],
    ['Prefill', 'compute', prefillMs],
  ]
  const whole = Math.max(ttftMs, known)
  let before = 0
  return parts.flatMap(([name, kind, ms]) => {
    if (ms === null) return []
    const from = before / whole
    before += ms
    return [{ name, kind, ms, from, to: Math.min(1, before / whole) }]
  })
}

/** Output tokens a second after the first one; null = fewer than two were made. */
export function tokensPerSecond({ measurement }: ChatAnswer): number | null {
  return measurement.tpotMs === null || measurement.tpotMs === 0 ? null : 1000 / measurement.tpotMs
}

/** How many times sooner the first token came than without the cache; null = not measured. */
export function speedup(warm: ChatAnswer, cold: ChatAnswer | null): number | null {
  const [with_, without] = [warm.measurement.ttftMs, cold?.measurement.ttftMs ?? null]
  return with_ === null || without === null || with_ === 0 ? null : without / with_
}

/**
 * Whether both say the same, as far as both go: an answer may have been stopped. Null = one of them says nothing.
 */
export function sameWords(warm: ChatAnswer, cold: ChatAnswer): boolean | null {
  const length = Math.min(warm.text.length, cold.text.length)
  if (length === 0) return null
  const whole = warm.finish === cold.finish || warm.finish === 'stopped' || cold.finish === 'stopped'
  return whole && warm.text.slice(0, length) === cold.text.slice(0, length)
}

/** Why an answer ends where it does; null = the model had no more to say. */
export function howItEnded({ finish }: ChatAnswer, modelStopped: boolean): string | null {
  switch (finish) {
    case 'stop':
      return null
    case 'length':
      return 'cut at the length limit'
    case 'stopped':
      return modelStopped ? 'stopped with the model' : 'stopped'
  }
}

/** Who kept the model from answering; null = nobody: it is the error that must be told. */
export function whoEndedIt(turn: { text: string; modelStopped: boolean }, error: ErrorBody): string | null {
  if (turn.modelStopped) {
    const when = turn.text === '' ? 'before the answer began' : 'in the middle of the answer'
    return `The model was stopped ${when}.`
  }
  return error.code === 'cancelled' ? 'Stopped before the answer began.' : null
}
