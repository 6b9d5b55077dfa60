import { BatchBuilder } from '../batch-builder'
import { createImporter } from '../create-importer'
import type { Tokeniser } from '../importer'
import { requestsOf, type TraceBatch, type TraceRequest } from '../trace-batch'
import type { TraceFormat } from '../trace-format'
import { traceSettings, type TraceOptions } from '../trace-options'

/** A token for each word, which is enough to see what prompts have in common. */
export function wordTokeniser(): Tokeniser {
  const words = new Map<string, number>()
  const tokenOf = (word: string): number => {
    const known = words.get(word) ?? words.size + 2
    words.set(word, known)
    return known
  }
  return {
    beginOfText: 1,
    tokenise: (text) => text.split(/\s+/).flatMap((word) => (word === '' ? [] : [tokenOf(word)])),
  }
}

/** All these records, through the importer of a format. */
export function importAll(
  format: TraceFormat,
  options: TraceOptions,
  records: readonly unknown[],
  header: readonly string[] = [],
): TraceBatch {
  const settings = traceSettings(format, options)
  const importer = createImporter(settings, wordTokeniser(), header)
  const builder = new BatchBuilder(settings.blockTokens)
  for (const record of records) importer.add(record, builder)
  return builder.take(importer.uniqueBlocks)
}

/** A request in plain arrays, for comparisons. */
export interface PlainRequest extends Omit<TraceRequest, 'blockIds'> {
  readonly blockIds: readonly number[]
}

export const plain = (batch: TraceBatch): PlainRequest[] =>
  [...requestsOf(batch)].map((request) => ({ ...request, blockIds: [...request.blockIds] }))
