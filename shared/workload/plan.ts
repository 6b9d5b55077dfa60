import { SkyError } from '../contract/errors'
import type { ParameterValues } from '../experiment/parameters'
import { questions } from './questions'
import { randomStreams, shuffled, type RandomStream } from './random'

export interface WorkloadOptions {
  readonly seed: number
  readonly parameters: Pick<ParameterValues, 'document_count' | 'sessions' | 'turns' | 'zipf_exponent'>
  /** How many documents there are to choose from. */
  readonly documents: number
}

/** A conversation about one document. */
export interface PlannedSession {
  readonly sessionId: number
  /** Which of the available documents it is about, from 0. */
  readonly document: number
  /** The question of each turn, in order. */
  readonly questions: readonly string[]
}

/**
 * The conversations of a trial. The same seed and parameters give the same workload, whatever the cache does.
 *
 * `document_count` documents are drawn, and ranked, at random; session after session picks rank r with a probability that is
 * proportional to 1 / r^zipf_exponent, and its questions without repeating one before all were asked. Each session draws from a random stream
 * of its own: with more sessions, the first ones stay as they were; with more turns, the first ones do too.
 *
 * Order: `concurrency` sessions are active at a time. They start in the order of their ids; a session asks its next question as soon as
 * the answer to the last one is complete; when it is through, the next session starts in its place.
 * @throws SkyError invalid_argument when there are fewer documents than the workload asks for
 */
export function planWorkload({ seed, parameters, documents }: WorkloadOptions): PlannedSession[] {
  const { document_count, sessions, turns, zipf_exponent } = parameters
  if (documents < document_count) {
    const message = `the workload asks about ${document_count} documents, but there are only ${documents}`
    throw new SkyError(
      'invalid_argument',
      message,
      `Set document_count to ${documents} or less, or add documents.`,
    )
  }
  const streams = randomStreams(seed)
  const all = Array.from({ length: documents }, (_, index) => index)
  const ranked = shuffled(all, streams.next().value).slice(0, document_count)
  const cumulative = zipfCumulative(document_count, zipf_exponent)
  return Array.from({ length: sessions }, (_, sessionId) => {
    const random = streams.next().value
    const document = ranked[pick(cumulative, random.real())] as number
    return { sessionId, document, questions: pickQuestions(turns, random) }
  })
}

/** Requests are numbered session by session, turn by turn, from 0: a number says the same in every trial of a repeat. */
export function requestIdOf(sessionId: number, turn: number, turns: number): number {
  return sessionId * turns + turn
}

/** Sums of the probabilities of ranks 1..count, the last one exactly 1. */
export function zipfCumulative(count: number, exponent: number): Float64Array {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 1; rank <= count; rank++) {
    sum += rank ** -exponent
    sums[rank - 1] = sum
  }
  return sums.map((value) => value / sum)
}

/** The first rank (from 0) whose cumulative probability is above the number: by bisection. */
function pick(cumulative: Float64Array, number: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((cumulative[middle] as number) > number) high = middle
    else low = middle + 1
  }
  return low
}

function pickQuestions(turns: number, random: RandomStream): string[] {
  const picked: string[] = []
  while (picked.length < turns) picked.push(...shuffled(questions, random).slice(0, turns - picked.length))
  return picked
}
