import llamaTokenizer from 'llama-tokenizer-js'
import { tokenTypes } from '#shared/gguf/format'

/** A SentencePiece vocabulary as GGUF files hold it; a token's number is its place in the lists. */
export interface Vocabulary {
  readonly tokens: readonly string[]
  readonly scores: readonly number[]
  readonly types: readonly number[]
}

const unknown = 0
const firstByte = 3
/** Tokens from here on are text. */
const firstNormal = 259

/**
 * The vocabulary of LLaMA 1 and 2: 32,000 tokens in the order in which they were learned, so that the score of a text token, which
 * decides what is merged first, is its place counted backwards. <unk>, <s> and </s> come first, then the 256 bytes.
 * @param count only so many tokens: what was learned later is written by the tokens before it, if need be byte by byte
 */
export function llamaVocabulary(count?: number): Vocabulary {
  const tokens = llamaTokenizer.vocabById.slice(0, count)
  return {
    tokens,
    scores: tokens.map((_, id) => (id < firstNormal ? 0 : firstNormal - id)),
    types: tokens.map((_, id) => {
      if (id === unknown) return tokenTypes.unknown
      if (id < firstByte) return tokenTypes.control
      return id < firstNormal ? tokenTypes.byte : tokenTypes.normal
    }),
  }
}
