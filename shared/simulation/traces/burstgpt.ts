import { SkyError } from '../../contract/errors'
import { BadRecord, quoted } from './bad-record'
import type { BatchBuilder } from './batch-builder'
import { BlockNumbers } from './block-numbers'
import { columnIndex, hasColumns, rowFields, tokenField } from './csv-columns'
import { blockCount } from './fields'
import type { TraceImporter } from './importer'
import { PromptModel } from './prefix-model'
import { TimeAxis } from './time-axis'
import type { TraceSettings } from './trace-options'

const columns = ['Timestamp', 'Request tokens', 'Response tokens'] as const

export const isBurstGptHeader = (header: readonly string[]): boolean => hasColumns(header, columns)

/**
 * BurstGPT's traces: `Timestamp` (s), `Model`, `Request tokens`, `Response tokens`, `Total tokens`, `Log Type`; newer files have `Session ID` and
 * `Elapsed time` besides. What prompts have in common is a declared model. Requests that failed (no response tokens) are kept: they were looked up.
 */
export class BurstGptImporter implements TraceImporter {
  readonly #header: readonly string[]
  readonly #index: readonly number[]
  readonly #sessionIndex: number
  readonly #blockTokens: number
  readonly #time: TimeAxis
  readonly #numbers = new BlockNumbers()
  readonly #prompts: PromptModel
  readonly #sessions = new Map<string, number>()

  /** @throws SkyError invalid_trace for another header line; invalid_argument for a model of sessions where there are none */
  constructor({ blockTokens, inOrder, prefixModel }: TraceSettings, header: readonly string[]) {
    if (!isBurstGptHeader(header)) {
      throw new SkyError(
        'invalid_trace',
        `the header line ${quoted(header.join(','))} is not that of BurstGPT's traces`,
        `It must have the columns ${columns.join(', ')}.`,
      )
    }
    this.#header = header
    this.#index = columns.map((name) => columnIndex(header, name))
    this.#sessionIndex = columnIndex(header, 'Session ID')
    if (prefixModel?.kind === 'session' && this.#sessionIndex < 0) {
      throw new SkyError(
        'invalid_argument',
        'the prefix model "session" needs session ids, and the trace has no column "Session ID"',
        'Take a newer file of BurstGPT (release 2), or choose --prefix-model none or shared:TOKENS.',
      )
    }
    this.#blockTokens = blockTokens
    this.#time = new TimeAxis(inOrder)
    this.#prompts = new PromptModel(prefixModel ?? { kind: 'none' }, blockTokens, this.#numbers.fresh)
  }

  get uniqueBlocks(): number {
    return this.#numbers.count
  }

  add(record: unknown, builder: BatchBuilder): void {
    const row = rowFields(record, this.#header)
    const [time, input, output] = this.#index.map((index) => row[index])
    const seconds = (time ?? '').trim() === '' ? NaN : Number(time)
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new BadRecord(`Timestamp is ${quoted(time)}, not a finite number of seconds from 0 on`)
    }
    const inputTokens = tokenField(input, columns[1])
    const outputTokens = tokenField(output, columns[2])
    blockCount(inputTokens, this.#blockTokens)
    // Rows of the API log have an empty session id.
    const id = this.#sessionIndex < 0 ? '' : (row[this.#sessionIndex] as string).trim()
    const timestampMs = this.#time.place(seconds * 1000)
    const facts = { timestampMs, inputTokens, outputTokens }
    if (id === '') builder.add(facts, this.#prompts.blocks(inputTokens, null))
    else builder.add({ ...facts, session: this.#sessionOf(id) }, this.#prompts.blocks(inputTokens, id))
  }

  #sessionOf(id: string): number {
    const known = this.#sessions.get(id) ?? this.#sessions.size
    this.#sessions.set(id, known)
    return known
  }
}
