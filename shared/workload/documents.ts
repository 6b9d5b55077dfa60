import type { Document } from '../contract/agent-control'
import { SkyError } from '../contract/errors'

/** A LLaMA token is between 4 and 5 characters of English; a text of this many characters a token is surely long enough. */
const charactersPerToken = 6

/** The documents of which a workload can use this many tokens. */
export function longEnough(documents: readonly Document[], tokens: number): Document[] {
  return documents.filter((document) => document.text.length >= tokens * charactersPerToken)
}

/** The part of a document that surely holds so many tokens. */
export const openingText = (document: Document, tokens: number): string =>
  document.text.slice(0, tokens * charactersPerToken)

/**
 * The tokens with which every prompt about a document begins: begin of text, and its first tokens.
 * @param encoded tokens of `openingText`
 * @throws SkyError documents_unreadable: the text has too few tokens for its length
 */
export function openingTokens(
  document: Document,
  encoded: readonly number[],
  tokens: number,
  beginOfText: number | null,
): number[] {
  if (encoded.length < tokens) {
    throw new SkyError(
      'documents_unreadable',
      `the document '${document.title}' has only ${encoded.length} tokens of text where the workload wants ${tokens}`,
      'Lower document_tokens, or leave this document out.',
    )
  }
  return [...(beginOfText === null ? [] : [beginOfText]), ...encoded.slice(0, tokens)]
}
