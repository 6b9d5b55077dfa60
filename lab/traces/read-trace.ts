import { SkyError } from '#shared/contract/errors'
import { BadRecord } from '#shared/simulation/traces/bad-record'
import { BatchBuilder } from '#shared/simulation/traces/batch-builder'
import { joinBatches, sortedByTime, type Allocate } from '#shared/simulation/traces/combine-batches'
import { createImporter } from '#shared/simulation/traces/create-importer'
import { detectFormat } from '#shared/simulation/traces/detect-format'
import type { TraceImporter } from '#shared/simulation/traces/importer'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { traceSettings, type TraceOptions, type TraceSettings } from '#shared/simulation/traces/trace-options'
import { beginOfText, tokenise } from '#shared/workload/llama-tokenizer'
import { csvRows } from './csv-rows'
import { inspectTrace } from './first-bytes'
import { jsonArray } from './json-array'
import { jsonLines } from './json-lines'
import { linesOf } from './lines'
import { peek } from './peek'
import type { FoundRecord, RecordSource } from './record'
import { throwIfCancelled, traceBytes, type ReadProgress } from './trace-bytes'

/** A batch ends with the request that reaches one of these: small enough to be handed over often, large enough to cost nothing. */
const batchRequests = 4096
const batchBlocks = 65_536

/** Skipped records that are kept to be shown. */
const shownSkips = 5

export interface SkippedRecord {
  readonly number: number
  readonly reason: string
}

/** What happened while a trace was read; complete after its last batch. */
export interface ReadTally {
  /** What the numbers of records count. */
  readonly unit: 'line' | 'conversation'
  requests: number
  skippedLines: number
  /** The first few of them. */
  readonly firstSkipped: SkippedRecord[]
}

/** A trace that is being read. */
export interface TraceReading {
  /** How it is read: the format that was found, and what was declared. */
  readonly settings: TraceSettings
  /** The requests in the order of their arrival. Stopping to take them closes the file. */
  readonly batches: AsyncIterable<TraceBatch>
  readonly tally: ReadTally
}

export interface ReadControl {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined
}

/**
 * Opens a trace and reads it batch by batch, in memory of one batch, one line, and a table of its blocks' ids (none for Mooncake's own files). A trace whose requests do not stand in the order of
 * their arrival (AIPerf, ShareGPT, or by `sortByTime`) is read as a whole first: 4 B a block and 44 B a request.
 * @throws SkyError not_found, invalid_trace, invalid_argument for missing declarations, cancelled; the batches throw them too
 */
export async function openTrace(
  path: string,
  options: TraceOptions = {},
  { signal, onProgress }: ReadControl = {},
): Promise<TraceReading> {
  const file = await inspectTrace(path)
  return readTraceBytes(traceBytes(file, signal, onProgress), path, options, signal)
}

/** Reads a trace from any source of bytes; the path is only for messages. */
export async function readTraceBytes(
  source: AsyncIterable<Buffer>,
  path: string,
  options: TraceOptions,
  signal?: AbortSignal,
): Promise<TraceReading> {
  const { head, bytes } = await peek(source)
  if (head.trim() === '') throw new SkyError('invalid_trace', `${path} holds nothing but white space`, '')
  const { layout, format } = detectFormat(head, options.format)
  const settings = traceSettings(format, options)
  const found =
    layout === 'json-array'
      ? jsonArray(bytes, path)
      : layout === 'csv'
        ? await csvRows(linesOf(bytes))
        : jsonLines(linesOf(bytes))
  const importer = createImporter(settings, { beginOfText, tokenise }, found.header)
  const tally: ReadTally = { unit: found.unit, requests: 0, skippedLines: 0, firstSkipped: [] }
  const inFileOrder = fileBatches(found, importer, settings, path, tally, signal)
  return { settings, tally, batches: settings.inOrder ? inFileOrder : inTimeOrder(inFileOrder) }
}

/** A whole trace in memory: 4 B a block and 44 B a request. */
export async function loadTrace(
  path: string,
  options: TraceOptions = {},
  control: ReadControl = {},
  allocate?: Allocate,
): Promise<{ readonly trace: TraceBatch; readonly settings: TraceSettings; readonly tally: ReadTally }> {
  const { settings, batches, tally } = await openTrace(path, options, control)
  const all: TraceBatch[] = []
  for await (const batch of batches) all.push(batch)
  return { trace: joinBatches(all, allocate), settings, tally }
}

async function* fileBatches(
  { unit, records }: RecordSource,
  importer: TraceImporter,
  { blockTokens, skipBadLines }: TraceSettings,
  path: string,
  tally: ReadTally,
  signal: AbortSignal | undefined,
): AsyncGenerator<TraceBatch> {
  const builder = new BatchBuilder(blockTokens)
  for await (const some of records) {
    for (const record of some) {
      throwIfCancelled(signal)
      const problem = problemWith(record, importer, builder)
      if (problem !== null) {
        if (!skipBadLines) throw badRecord(path, unit, record.number, problem)
        tally.skippedLines += 1
        if (tally.firstSkipped.length < shownSkips) {
          tally.firstSkipped.push({ number: record.number, reason: problem.message })
        }
      }
      if (builder.requests >= batchRequests || builder.blocks >= batchBlocks) {
        tally.requests += builder.requests
        yield builder.take(importer.uniqueBlocks)
      }
    }
  }
  tally.requests += builder.requests
  if (builder.requests > 0) yield builder.take(importer.uniqueBlocks)
  if (tally.requests === 0) throw noRequests(path, unit, tally)
}

/** Hands a record to the importer; null where it was fine. */
function problemWith(record: FoundRecord, importer: TraceImporter, builder: BatchBuilder): BadRecord | null {
  if (record.kind === 'bad') return new BadRecord(record.reason)
  try {
    importer.add(record.value, builder)
    return null
  } catch (thrown) {
    if (thrown instanceof BadRecord) return thrown
    throw thrown
  }
}

async function* inTimeOrder(batches: AsyncIterable<TraceBatch>): AsyncGenerator<TraceBatch> {
  const all: TraceBatch[] = []
  for await (const batch of batches) all.push(batch)
  yield sortedByTime(joinBatches(all))
}

function badRecord(path: string, unit: string, number: number, { message, hint }: BadRecord): SkyError {
  const next = hint || `Repair it, or skip and count what cannot be used: --skip-bad-lines.`
  return new SkyError('invalid_trace', `${path}, ${unit} ${number}: ${message}`, next, {
    [unit]: number,
    reason: message,
  })
}

function noRequests(path: string, unit: string, { skippedLines, firstSkipped }: ReadTally): SkyError {
  const [first] = firstSkipped
  const why = first
    ? `: ${skippedLines} skipped, the first (${unit} ${first.number}) because ${first.reason}`
    : ''
  return new SkyError(
    'invalid_trace',
    `${path} holds no request${why}`,
    'Is it the right file, and complete?',
  )
}
