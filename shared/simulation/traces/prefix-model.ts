import { SkyError } from '../../contract/errors'
import { blockCount, mostTokens } from './fields'
import { TokenStream } from './token-stream'

/**
 * What is supposed about common prefixes where a trace says nothing about them:
 * - none: no two requests have anything in common
 * - shared: every prompt begins with the same system prompt of so many tokens; the rest is its own
 * - session: the prompts of a session are beginnings of one stream of tokens, so that each longer turn extends the ones before; requests without a session have nothing in common
 */
export type PrefixModel =
  | { readonly kind: 'none' }
  | { readonly kind: 'shared'; readonly tokens: number }
  | { readonly kind: 'session' }

export function prefixModelText(model: PrefixModel): string {
  return model.kind === 'shared' ? `shared:${model.tokens}` : model.kind
}

/** What `readPrefixModel` can read, in words. */
export const prefixModelAllowed =
  'none, session, or shared:TOKENS with the length of the common system prompt, such as shared:512'

/** The model that a text names; null for none. */
export function readPrefixModel(text: string): PrefixModel | null {
  if (text === 'none' || text === 'session') return { kind: text }
  const tokens = Number(/^shared:(\d+)$/.exec(text)?.[1])
  return tokens >= 1 && tokens <= mostTokens ? { kind: 'shared', tokens } : null
}

/** @throws SkyError invalid_argument for a text that names no model */
export function parsePrefixModel(text: string): PrefixModel {
  const model = readPrefixModel(text)
  if (model !== null) return model
  throw new SkyError('invalid_argument', `"${text}" is no prefix model`, `Choose ${prefixModelAllowed}.`)
}

/** Makes the blocks of prompts of which only the length is known. */
export class PromptModel {
  readonly #model: PrefixModel
  readonly #blockTokens: number
  readonly #fresh: () => number
  readonly #common: TokenStream
  readonly #sessions = new Map<string, TokenStream>()

  constructor(model: PrefixModel, blockTokens: number, fresh: () => number) {
    this.#model = model
    this.#blockTokens = blockTokens
    this.#fresh = fresh
    this.#common = new TokenStream(blockTokens, fresh)
  }

  blocks(tokens: number, session: string | null): number[] {
    const all = blockCount(tokens, this.#blockTokens)
    switch (this.#model.kind) {
      case 'none':
        return this.#extended([], all)
      case 'shared':
        return this.#shared(tokens, this.#model.tokens, all)
      case 'session':
        return session === null ? this.#extended([], all) : this.#streamOf(session).blocks(tokens)
    }
  }

  #shared(tokens: number, sharedTokens: number, all: number): number[] {
    if (tokens <= sharedTokens) return this.#common.blocks(tokens)
    // The block in which the system prompt ends holds tokens of the request too: it is the request's own.
    const whole = Math.floor(sharedTokens / this.#blockTokens)
    return this.#extended(this.#common.blocks(whole * this.#blockTokens), all)
  }

  #extended(blocks: number[], all: number): number[] {
    while (blocks.length < all) blocks.push(this.#fresh())
    return blocks
  }

  #streamOf(session: string): TokenStream {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    const stream = new TokenStream(this.#blockTokens, this.#fresh)
    this.#sessions.set(session, stream)
    return stream
  }
}
