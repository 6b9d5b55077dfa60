import type { Document } from '../contract/agent-control'
import type { ParameterValues } from '../experiment/parameters'
import { longEnough, openingTokens, type Tokenizer } from './documents'
import { planWorkload } from './plan'
import { questionText } from './prompt'
import { PromptSession } from './prompt-session'

export interface ConversationOptions {
  readonly seed: number
  readonly parameters: ParameterValues
  readonly documents: readonly Document[]
  readonly tokenizer: Tokenizer
}

/**
 * The conversations of a trial as tokens. Yields before every document that it tokenises, which takes a while: a caller
 * that must stay responsive lets others have a turn there.
 * @throws SkyError invalid_argument: too few documents that are long enough; documents_unreadable: one with too few tokens
 */
export function* planConversations(options: ConversationOptions): Generator<void, PromptSession[]> {
  const { seed, parameters, documents, tokenizer } = options
  const candidates = longEnough(documents, parameters.document_tokens)
  const plan = planWorkload({ seed, parameters, documents: candidates.length })
  const openings = new Map<number, number[]>()
  for (const { document } of plan) {
    if (openings.has(document)) continue
    yield
    const text = candidates[document] as Document
    openings.set(document, openingTokens(tokenizer, text, parameters.document_tokens))
  }
  return plan.map(
    ({ document, questions }) =>
      new PromptSession(
        openings.get(document) ?? [],
        questions.map((question) => tokenizer.tokenise(questionText(question))),
      ),
  )
}
