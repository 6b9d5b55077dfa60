import llamaTokenizer from 'llama-tokenizer-js'

export const beginOfText = 1
/** Token ids of the vocabulary that are bytes and control codes rather than text. */
const firstTextToken = 259
const vocabularySize = 32_000

/** The LLaMA 1 and 2 tokenizer (SentencePiece BPE, 32,000 tokens), without a begin-of-text token. */
export function tokenise(text: string): number[] {
  return text === '' ? [] : llamaTokenizer.encode(text, false, false)
}

export function detokenise(tokens: readonly number[]): string {
  return tokens.length === 0 ? '' : llamaTokenizer.decode([...tokens], false, false)
}

export const isTextToken = (token: number): boolean => token >= firstTextToken && token < vocabularySize
