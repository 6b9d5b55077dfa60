import { BadRecord } from './bad-record'
import type { BatchBuilder } from './batch-builder'
import { BlockNumbers } from './block-numbers'
import { asFields, hashIds, milliseconds, tokenCount } from './fields'
import type { TraceImporter } from './importer'
import { TimeAxis } from './time-axis'
import type { TraceSettings } from './trace-options'

/** Fields that only AIPerf's rows have, and that change what a request is. */
export const aiperfFields = ['session_id', 'delay', 'text_input', 'messages', 'payload'] as const

/** Mooncake's traces (FAST'25): `{"timestamp": ms, "input_length": n, "output_length": n, "hash_ids": [...]}` a line; other fields are ignored. */
export class MooncakeImporter implements TraceImporter {
  readonly #blockTokens: number
  readonly #time: TimeAxis
  readonly #numbers = new BlockNumbers()

  constructor({ blockTokens, inOrder }: TraceSettings) {
    this.#blockTokens = blockTokens
    this.#time = new TimeAxis(inOrder)
  }

  get uniqueBlocks(): number {
    return this.#numbers.count
  }

  add(record: unknown, builder: BatchBuilder): void {
    const fields = asFields(record)
    for (const name of aiperfFields) {
      if (fields[name] !== undefined && fields[name] !== null) {
        throw new BadRecord(`it has ${name}, a field of AIPerf's rows`, 'Read it with --format aiperf.')
      }
    }
    const timestamp = milliseconds(fields['timestamp'], 'timestamp')
    const inputTokens = tokenCount(fields['input_length'], 'input_length')
    const outputTokens = tokenCount(fields['output_length'], 'output_length')
    const ids = hashIds(fields['hash_ids'], inputTokens, this.#blockTokens)
    const timestampMs = this.#time.place(timestamp)
    builder.add(
      { timestampMs, inputTokens, outputTokens },
      ids.map((id) => this.#numbers.numberOf(id)),
    )
  }
}
