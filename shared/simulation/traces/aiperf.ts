import { aiperfRow, type AiperfRow, type ContextMode } from './aiperf-row'
import { PoissonArrivals } from './arrivals'
import { BadRecord } from './bad-record'
import type { BatchBuilder } from './batch-builder'
import { BlockNumbers } from './block-numbers'
import { blockCount, mostTokens } from './fields'
import type { Tokeniser, TraceImporter } from './importer'
import { PromptModel } from './prefix-model'
import { ChainedBlocks } from './prompt-chain'
import { TokenStream } from './token-stream'
import type { TraceSettings } from './trace-options'

/** A session after its latest row. */
interface Session {
  readonly number: number
  readonly stream: TokenStream
  /** Tokens of the latest prompt. */
  promptTokens: number
  answerTokens: number
  /** Earliest arrival of the latest request, ms. */
  timestampMs: number
  /** Ids that the latest row had, whole blocks only. */
  ids: readonly number[]
}

/** A row's request, checked but not added. */
interface Turn {
  readonly row: AiperfRow
  readonly tokens: readonly number[] | null
  readonly ownTokens: number
  readonly outputTokens: number
}

/**
 * AIPerf's superset of Mooncake's format (its dataset type mooncake_trace): a request may have `text_input` in place of ids, or a length alone; rows
 * with the same `session_id` are turns, a later one with a `delay` (ms after the answer before) in place of a timestamp. Later rows of a session hold
 * what is new, as AIPerf replays them, unless they or the settings say otherwise.
 */
export class AiperfImporter implements TraceImporter {
  readonly #settings: TraceSettings
  readonly #tokeniser: Tokeniser
  readonly #arrivals: PoissonArrivals | null
  readonly #numbers = new BlockNumbers()
  readonly #texts: ChainedBlocks
  readonly #lengths: PromptModel | null
  readonly #sessions = new Map<string, Session>()

  constructor(settings: TraceSettings, tokeniser: Tokeniser) {
    const { blockTokens, arrivals, prefixModel } = settings
    this.#settings = settings
    this.#tokeniser = tokeniser
    this.#arrivals = arrivals ? new PoissonArrivals(arrivals) : null
    this.#texts = new ChainedBlocks(blockTokens, this.#numbers.fresh)
    this.#lengths = prefixModel ? new PromptModel(prefixModel, blockTokens, this.#numbers.fresh) : null
  }

  get uniqueBlocks(): number {
    return this.#numbers.count
  }

  add(record: unknown, builder: BatchBuilder): void {
    const row = aiperfRow(record, this.#settings.blockTokens)
    const turn = this.#turnOf(row)
    const session = row.session === null ? undefined : this.#sessions.get(row.session)
    if (session === undefined) this.#begin(turn, builder)
    else this.#goOn(turn, session, builder)
  }

  #turnOf(row: AiperfRow): Turn {
    const outputTokens = row.outputTokens ?? this.#settings.outputTokens
    if (outputTokens === undefined) {
      const hint = 'Declare the tokens of such answers with --output-tokens N.'
      throw new BadRecord('output_length is missing', hint)
    }
    if (row.prompt.kind === 'length' && this.#lengths === null) {
      throw new BadRecord(
        'it has no hash_ids, so that nothing is known about what it has in common with others',
        'Declare a prefix model: --prefix-model none, shared:TOKENS or session. The output names it.',
      )
    }
    const tokens = row.prompt.kind === 'text' ? this.#tokeniser.tokenise(row.prompt.text) : null
    const ownTokens = row.prompt.kind === 'text' ? 1 + (tokens?.length ?? 0) : row.prompt.tokens
    this.#check(ownTokens)
    return { row, tokens, ownTokens, outputTokens }
  }

  /** A request that stands alone, or the first of a session. */
  #begin(turn: Turn, builder: BatchBuilder): void {
    const { row, ownTokens, outputTokens } = turn
    if (row.timestampMs === null && this.#arrivals === null) {
      throw new BadRecord(
        'timestamp is missing',
        'Declare the mean rate at which such requests arrive: --arrival-rate PER_SECOND.',
      )
    }
    const timestampMs = row.timestampMs ?? (this.#arrivals as PoissonArrivals).next()
    const blocks = this.#ownBlocks(turn)
    const facts = { timestampMs, inputTokens: ownTokens, outputTokens }
    if (row.session === null) {
      builder.add(facts, blocks)
      return
    }
    const { blockTokens } = this.#settings
    const stream = new TokenStream(blockTokens, this.#numbers.fresh)
    stream.begin(ownTokens, blocks)
    const session: Session = {
      number: this.#sessions.size,
      stream,
      promptTokens: ownTokens,
      answerTokens: outputTokens,
      timestampMs,
      ids: wholeIds(row, blockTokens),
    }
    this.#sessions.set(row.session, session)
    builder.add({ ...facts, session: session.number }, blocks)
  }

  /** A later turn of a session. */
  #goOn(turn: Turn, session: Session, builder: BatchBuilder): void {
    const { row, ownTokens, outputTokens } = turn
    const mode = this.#modeOf(row, session)
    const delayMs = row.timestampMs === null ? (row.delayMs ?? 0) : NaN
    const timestampMs = row.timestampMs ?? session.timestampMs + delayMs
    if (timestampMs < session.timestampMs) {
      throw new BadRecord('its timestamp lies before that of the turn before in its session')
    }
    const inputTokens = ownTokens + contextTokens(mode, session)
    this.#check(inputTokens)
    const blocks = mode === 'whole' ? this.#ownBlocks(turn) : session.stream.blocks(inputTokens)
    session.promptTokens = inputTokens
    session.answerTokens = outputTokens
    session.timestampMs = timestampMs
    session.ids = wholeIds(row, this.#settings.blockTokens)
    builder.add({ timestampMs, inputTokens, outputTokens, session: session.number, delayMs }, blocks)
  }

  #check(tokens: number): void {
    if (tokens > mostTokens)
      throw new BadRecord(`its prompt of ${tokens} tokens is longer than ${mostTokens}`)
    blockCount(tokens, this.#settings.blockTokens)
  }

  #modeOf(row: AiperfRow, session: Session): ContextMode {
    const declared = row.contextMode ?? this.#settings.sessionTurns
    if (declared !== undefined) return declared
    if (session.ids.length > 0 && row.prompt.kind === 'ids') {
      const ids = row.prompt.ids
      if (session.ids.every((id, index) => ids[index] === id)) {
        throw new BadRecord(
          'its hash_ids begin with those of the turn before, as if it held the whole prompt and not what is new',
          'Say which it is: --session-turns whole or --session-turns deltas.',
        )
      }
    }
    return 'deltas'
  }

  #ownBlocks({ row, tokens, ownTokens }: Turn): number[] {
    switch (row.prompt.kind) {
      case 'ids':
        return row.prompt.ids.map((id) => this.#numbers.numberOf(id))
      case 'text':
        return this.#texts.chain().blocksWith([this.#tokeniser.beginOfText, ...(tokens ?? [])])
      case 'length':
        return (this.#lengths as PromptModel).blocks(ownTokens, row.session)
    }
  }
}

/** Tokens that stand before a row's own. */
function contextTokens(mode: ContextMode, { promptTokens, answerTokens }: Session): number {
  switch (mode) {
    case 'deltas':
      return promptTokens + answerTokens
    case 'deltas-with-answers':
      return promptTokens
    case 'whole':
      return 0
  }
}

function wholeIds({ prompt }: AiperfRow, blockTokens: number): readonly number[] {
  return prompt.kind === 'ids' ? prompt.ids.slice(0, Math.floor(prompt.tokens / blockTokens)) : []
}
