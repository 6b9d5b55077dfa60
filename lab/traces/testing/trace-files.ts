import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '#lab/testing/folders'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import type { TraceOptions } from '#shared/simulation/traces/trace-options'
import { loadTrace } from '../read-trace'

/** The real trace that lies beside the repository, or null where it does not. */
export function conversationTrace(): string | null {
  const path = join(
    import.meta.dirname,
    '..',
    '..',
    '..',
    '..',
    'shared',
    'traces',
    'mooncake-conversation.jsonl',
  )
  return existsSync(path) ? path : null
}

/** A file with this content, gone after the test. */
export function traceFile(content: string | Buffer, name = 'trace.jsonl'): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, content)
  return file
}

export const load = async (content: string | Buffer, options: TraceOptions = {}): Promise<TraceBatch> =>
  (await loadTrace(traceFile(content), options)).trace

/** Mooncake rows of one block each, one every 10 ms. */
export function mooncakeLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({ timestamp: index * 10, input_length: 512, output_length: 1, hash_ids: [index % 7] }),
  )
}

export const gzipped = (text: string): Buffer => gzipSync(text)
