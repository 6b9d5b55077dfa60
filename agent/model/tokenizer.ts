import type { LlamaModel, Token } from 'node-llama-cpp'
import { SkyError } from '#shared/contract/errors'
import type { PromptPart } from '#shared/workload/prompt'
import { renderChat, type ChatMessage } from './chat-template'

/** What is to become tokens: a part of a prompt, or a whole chat. */
export type TokenizerInput = PromptPart | { readonly messages: readonly ChatMessage[] }

/** What a chat's template puts around a message, roughly, B. */
const messageBytes = 32

/** About how long the text is that must be tokenised, B. */
export function roughBytes(input: TokenizerInput): number {
  if ('text' in input) return Buffer.byteLength(input.text)
  return input.messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + messageBytes, 0)
}

/** A model's own tokenizer and chat template. Refuses what cannot fit in the context before it is tokenised. */
export class Tokenizer {
  readonly #model: LlamaModel
  readonly #longestToken: number
  /** Tokens of prompt and answer that fit in the context. */
  readonly roomTokens: number

  constructor(model: LlamaModel, roomTokens: number) {
    this.#model = model
    this.roomTokens = roomTokens
    this.#longestToken = longestBytes(model.fileInfo.metadata.tokenizer.ggml.tokens)
  }

  /** @throws SkyError context_length_exceeded; not_supported, invalid_argument of a chat */
  tokens(input: TokenizerInput): number[] {
    return 'text' in input ? this.#part(input) : this.#chat(input.messages)
  }

  /** @throws SkyError context_length_exceeded: even if each of its tokens were the longest one, there were too many */
  requireRoom(text: string): void {
    const bytes = Buffer.byteLength(text)
    const atLeast = Math.ceil(bytes / this.#longestToken)
    if (atLeast <= this.roomTokens) return
    throw new SkyError(
      'context_length_exceeded',
      `this model's context has room for ${this.roomTokens} tokens; a text of ${bytes} bytes has ${atLeast} or more`,
      'Send less text, or give the model a larger context.',
    )
  }

  /** Without begin of text; no text stands for a special token. */
  #part({ text, startsPrompt }: PromptPart): number[] {
    this.requireRoom(text)
    if (startsPrompt) return this.#model.tokenize(text)
    // The space that some tokenizers put before a text would stand between two parts: behind a line's end there is none.
    const lineEnd = this.#model.tokenize('\n')
    const tokens = this.#model.tokenize(`\n${text}`)
    const isApart = lineEnd.every((token, i) => token === tokens[i])
    return isApart ? tokens.slice(lineEnd.length) : this.#model.tokenize(text)
  }

  #chat(messages: readonly ChatMessage[]): number[] {
    const { bosString, eosString, shouldPrependBosToken, bos } = this.#model.tokens
    const text = renderChat(this.#model.fileInfo.metadata.tokenizer?.chat_template, messages, {
      bos: bosString ?? '',
      eos: eosString ?? '',
    })
    this.requireRoom(text)
    const tokens: Token[] = this.#model.tokenize(text, true)
    return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens
  }
}

/** Bytes of text that the longest token of a vocabulary can stand for, or more: some write a byte as two. */
export function longestBytes(vocabulary: readonly string[]): number {
  // SentencePiece writes a space as a character of three bytes.
  return vocabulary.reduce((most, token) => Math.max(most, Buffer.byteLength(token.replaceAll('▁', ' '))), 1)
}
