import { answerOpening, chatMessageText } from '../../workload/chat-text'
import { PoissonArrivals, type ArrivalModel } from './arrivals'
import { BadRecord, quoted } from './bad-record'
import type { BatchBuilder } from './batch-builder'
import { BlockNumbers } from './block-numbers'
import { asFields, blockCount, mostTokens } from './fields'
import type { Tokeniser, TraceImporter } from './importer'
import { ChainedBlocks } from './prompt-chain'
import type { TraceSettings } from './trace-options'

interface Message {
  readonly role: string
  readonly text: string
}

/** Who speaks, by what the dataset's versions call them. */
const roles: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  assistant: 'assistant',
  system: 'system',
}

/**
 * ShareGPT's conversations: `{"id", "conversations": [{"from": "human" | "gpt" | ..., "value": text}]}`. Each answer to a human's message is a
 * request: its prompt is the conversation so far, made and tokenised like the chats of the API. Conversations begin at a declared rate.
 */
export class ShareGptImporter implements TraceImporter {
  readonly #blockTokens: number
  readonly #tokeniser: Tokeniser
  readonly #arrivals: PoissonArrivals
  readonly #turnGapMs: number
  readonly #numbers = new BlockNumbers()
  readonly #blocks: ChainedBlocks
  #sessions = 0

  constructor({ blockTokens }: TraceSettings, arrivals: ArrivalModel, tokeniser: Tokeniser) {
    this.#blockTokens = blockTokens
    this.#tokeniser = tokeniser
    this.#arrivals = new PoissonArrivals(arrivals)
    this.#turnGapMs = arrivals.turnGapS * 1000
    this.#blocks = new ChainedBlocks(blockTokens, this.#numbers.fresh)
  }

  get uniqueBlocks(): number {
    return this.#numbers.count
  }

  /** A conversation in which nobody answers a human adds nothing. */
  add(record: unknown, builder: BatchBuilder): void {
    const messages = messagesOf(record).map((message) => ({
      ...message,
      tokens: this.#tokeniser.tokenise(chatMessageText(message.role, message.text)),
      answer: message.role === 'assistant' ? this.#tokeniser.tokenise(message.text).length : 0,
    }))
    const opening = this.#tokeniser.tokenise(answerOpening)
    const all = messages.reduce((sum, { tokens }) => sum + tokens.length, 1 + opening.length)
    if (all > mostTokens) throw new BadRecord(`its ${all} tokens are more than ${mostTokens}`)
    blockCount(all, this.#blockTokens)
    if (!messages.some((_, index) => isAnswer(messages, index))) return

    const startMs = this.#arrivals.next()
    const session = this.#sessions++
    const chain = this.#blocks.chain()
    chain.append([this.#tokeniser.beginOfText])
    let turn = 0
    messages.forEach(({ tokens, answer }, index) => {
      if (isAnswer(messages, index)) {
        builder.add(
          {
            timestampMs: startMs + turn++ * this.#turnGapMs,
            inputTokens: chain.tokens + opening.length,
            outputTokens: answer,
            session,
          },
          chain.blocksWith(opening),
        )
      }
      chain.append(tokens)
    })
  }
}

const isAnswer = (messages: readonly Message[], index: number): boolean =>
  messages[index]?.role === 'assistant' && messages[index - 1]?.role === 'user'

function messagesOf(record: unknown): Message[] {
  const list = asFields(record)['conversations']
  if (!Array.isArray(list)) throw new BadRecord(`conversations is ${quoted(list)}, not a list`)
  return (list as readonly unknown[]).map((each) => {
    const { from, value } = asFields(each)
    if (typeof from !== 'string') throw new BadRecord(`from is ${quoted(from)}, not a text`)
    if (typeof value !== 'string') throw new BadRecord(`value is ${quoted(value)}, not a text`)
    return { role: roles[from.toLowerCase()] ?? from.toLowerCase(), text: value }
  })
}
