import type { Document } from '../contract/agent-control'
import { SkyError } from '../contract/errors'

/** What a workload needs of the model's tokenizer. */
export interface Tokenizer {
  readonly beginOfText: number
  tokenise(text: string): number[]
}

/** A LLaMA token is between 4 and 5 characters of English; a text of this many characters a token is surely long enough. */
const charactersPerToken = 6

/** The documents of which a workload can use this many tokens. */
export function longEnough(documents: readonly Document[], tokens: number): Document[] {
  return documents.filter((document) => document.text.length >= tokens * charactersPerToken)
}

/**
 * The tokens with which every prompt about a document begins: begin of text, and its first tokens.
 * @throws SkyError documents_unreadable: the text has too few tokens for its length
 */
export function openingTokens(tokenizer: Tokenizer, document: Document, tokens: number): number[] {
  const encoded = tokenizer.tokenise(document.text.slice(0, tokens * charactersPerToken))
  if (encoded.length < tokens) {
    throw new SkyError(
      'documents_unreadable',
      `the document '${document.title}' has only ${encoded.length} tokens of text where the workload wants ${tokens}`,
      'Lower document_tokens, or leave this document out.',
    )
  }
  return [tokenizer.beginOfText, ...encoded.slice(0, tokens)]
}
