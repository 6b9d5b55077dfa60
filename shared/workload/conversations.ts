import type { Document } from '../contract/agent-control'
import type { ParameterValues } from '../experiment/parameters'
import { longEnough, openingText, openingTokens } from './documents'
import { planWorkload } from './plan'
import { questionText, type PromptPart } from './prompt'
import { PromptSession } from './prompt-session'

export interface ConversationOptions {
  readonly seed: number
  readonly parameters: ParameterValues
  readonly documents: readonly Document[]
  /** Token at the start of every prompt; null = the model has none. */
  readonly beginOfText: number | null
}

/**
 * The conversations of a trial as tokens. Yields every text that it needs as tokens, and takes them with the next step: so
 * the tokenizer may be anywhere, and a caller that must stay responsive can let others have a turn.
 * @throws SkyError invalid_argument: too few documents that are long enough; documents_unreadable: one with too few tokens
 */
export function* planConversations(
  options: ConversationOptions,
): Generator<PromptPart, PromptSession[], readonly number[]> {
  const { seed, parameters, documents, beginOfText } = options
  const candidates = longEnough(documents, parameters.document_tokens)
  const plan = planWorkload({ seed, parameters, documents: candidates.length })
  const openings = new Map<number, number[]>()
  for (const { document } of plan) {
    if (openings.has(document)) continue
    const source = candidates[document] as Document
    const text = openingText(source, parameters.document_tokens)
    const tokens = yield { text, startsPrompt: true }
    openings.set(document, openingTokens(source, tokens, parameters.document_tokens, beginOfText))
  }
  const sessions: PromptSession[] = []
  for (const { document, questions } of plan) {
    const asked: (readonly number[])[] = []
    for (const question of questions) asked.push(yield { text: questionText(question), startsPrompt: false })
    sessions.push(new PromptSession(openings.get(document) ?? [], asked))
  }
  return sessions
}

/** With a tokenizer that answers at once. */
export function planConversationsAtOnce(
  options: ConversationOptions,
  tokenise: (text: string) => readonly number[],
): PromptSession[] {
  const planning = planConversations(options)
  let step = planning.next()
  while (step.done !== true) step = planning.next(tokenise(step.value.text))
  return step.value
}
