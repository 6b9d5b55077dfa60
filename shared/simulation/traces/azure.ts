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

const columns = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'] as const

export const isAzureHeader = (header: readonly string[]): boolean => hasColumns(header, columns)

/** Azure's LLM inference traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`. What prompts have in common is a declared model. */
export class AzureImporter implements TraceImporter {
  readonly #header: readonly string[]
  readonly #index: readonly number[]
  readonly #blockTokens: number
  readonly #time: TimeAxis
  readonly #numbers = new BlockNumbers()
  readonly #prompts: PromptModel

  /** @throws SkyError invalid_trace for another header line */
  constructor({ blockTokens, inOrder, prefixModel }: TraceSettings, header: readonly string[]) {
    if (!isAzureHeader(header)) {
      throw new SkyError(
        'invalid_trace',
        `the header line ${quoted(header.join(','))} is not that of Azure's traces`,
        `It must have the columns ${columns.join(', ')}.`,
      )
    }
    this.#header = header
    this.#index = columns.map((name) => columnIndex(header, name))
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
    const timestamp = azureTime(time ?? '')
    const inputTokens = tokenField(input, columns[1])
    const outputTokens = tokenField(output, columns[2])
    blockCount(inputTokens, this.#blockTokens)
    const timestampMs = this.#time.place(timestamp)
    builder.add({ timestampMs, inputTokens, outputTokens }, this.#prompts.blocks(inputTokens, null))
  }
}

/** `2023-11-16 18:15:46.6805900` (100 ns ticks) or `2024-05-10 00:00:00.009930+00:00`; without a zone it is taken for UTC. */
const timePattern =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:Z|([+-])(\d{2}):?(\d{2}))?$/

/**
 * Milliseconds since 1970, with their fraction.
 * @throws BadRecord for anything that is no date and time
 */
export function azureTime(text: string): number {
  const found = timePattern.exec(text.trim())
  if (!found) throw new BadRecord(`TIMESTAMP is ${quoted(text)}, not a date and time`)
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const whole = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(whole)
  // Date.UTC carries over what is too large: the 31st of February would be a day in March.
  if (
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  ) {
    throw new BadRecord(`TIMESTAMP is ${quoted(text)}, a time that does not exist`)
  }
  const zoneMinutes = (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0)) * (found[8] === '-' ? -1 : 1)
  return whole - zoneMinutes * 60_000 + Number(found[7] ?? 0) * 1000
}
