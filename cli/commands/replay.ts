import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { writeCsv } from '#lab/export/csv-file'
import { replayFile, type ReplayedCache, type ReplayProgress } from '#lab/simulation/replay/replay-file'
import { storageError } from '#lab/store/storage-errors'
import { SkyError } from '#shared/contract/errors'
import { cachePolicies, type CachePolicy } from '#shared/simulation/replay/block-cache'
import type { CommandContext } from '../context'
import { progressBar } from '../output/progress-bar'
import type { Terminal } from '../output/terminal'
import {
  replayColumns,
  replayHeadline,
  replayJson,
  replayRows,
  replayTable,
  type ReplayRow,
} from '../replay/replay-report'
import { listenForInterrupts } from '../run/interrupts'
import { requireWritable } from '../run/results-folder'
import { wholeNumber } from './options'
import { addTraceFlags, traceOptionsOf, type TraceFlags } from './trace-options'

interface ReplayFlags extends TraceFlags {
  readonly capacityBlocks: readonly number[]
  readonly policy?: readonly CachePolicy[]
  readonly threads?: number
  readonly out?: string
  readonly json: boolean
}

export function replayCommand(program: Command, context: () => CommandContext): void {
  const command = program
    .command('replay')
    .summary('replay a request trace against a block cache: hit rates by policy and capacity')
    .description(
      `Replay a request trace against one cache of blocks. The prefix of each request is looked up first; then all its blocks are touched in
order, and what is missing is inserted. Several policies or capacities are compared in one call.`,
    )
  addTraceFlags(command)
    .requiredOption(
      '--capacity-blocks <n|inf>',
      'blocks that the cache holds, or inf; several with commas, or by repeating the option',
      capacities,
    )
    .option(
      '--policy <name>',
      `${cachePolicies.join(', ')}; several with commas, or by repeating the option (default: lru)`,
      policies,
    )
    .option('--threads <n>', 'worker threads for several caches (default: one a core)', wholeNumber(1))
    .option('--out <file>', 'write a CSV file, a row a cache')
    .option('--json', 'print JSON: an object, or an array for several caches', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory replay --trace conversation_trace.jsonl --capacity-blocks inf --json
  skymemory replay --trace conversation_trace.jsonl.gz --capacity-blocks 1000,10000 --policy lru,s3-fifo,optimum --out hits.csv
  skymemory replay --trace AzureLLMInferenceTrace_conv.csv --prefix-model shared:512 --capacity-blocks 5000
  skymemory replay --trace BurstGPT_3.csv --prefix-model session --capacity-blocks 100000 --skip-bad-lines
  skymemory replay --trace ShareGPT_V3.json --arrival-rate 2 --turn-gap 30 --capacity-blocks 5000`,
    )
    .action((flags: ReplayFlags) => replay(flags, context()))
}

async function replay(flags: ReplayFlags, { terminal, installation }: CommandContext): Promise<void> {
  const out = flags.out === undefined ? null : resolve(flags.out)
  if (out !== null) await requireFile(out)
  const caches = cachesOf(flags)
  const interrupts = listenForInterrupts()
  const progress = phases(terminal)
  try {
    const outcome = await replayFile(
      {
        path: flags.trace,
        options: traceOptionsOf(flags),
        caches,
        workerEntry: installation.workerEntry,
        threads: flags.threads,
      },
      { signal: interrupts.signal, onProgress: progress.update },
    )
    progress.stop()
    const rows = replayRows(basename(flags.trace), caches, outcome)
    for (const { number, reason } of outcome.tally.firstSkipped) {
      terminal.err(`skipped ${outcome.tally.unit} ${number}: ${reason}`)
    }
    if (out !== null) await writeRows(out, rows)
    if (flags.json) {
      const objects = rows.map(replayJson)
      terminal.out(JSON.stringify(objects.length === 1 ? objects[0] : objects))
      return
    }
    terminal.out(replayHeadline(rows[0] as ReplayRow))
    terminal.out(replayTable(rows))
    if (out !== null) terminal.out(out)
  } finally {
    progress.stop()
    interrupts.stop()
  }
}

/** Made sure before the work begins. */
async function requireFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => null)
  if (there?.isDirectory() === true) {
    throw new SkyError('invalid_argument', `${path} is a folder`, 'Name a file with --out, such as hits.csv.')
  }
  await requireWritable(dirname(path))
}

async function writeRows(path: string, rows: readonly ReplayRow[]): Promise<void> {
  try {
    await writeCsv(path, replayColumns, [rows])
  } catch (thrown) {
    throw storageError(thrown, path, 'export_failed')
  }
}

/** Every policy with every capacity, policy by policy. */
function cachesOf({ policy = ['lru'], capacityBlocks }: ReplayFlags): ReplayedCache[] {
  return policy.flatMap((each) => capacityBlocks.map((capacity) => ({ policy: each, capacity })))
}

/** What takes less than this shows no progress where no bar can be drawn. */
const quickMs = 2000

/** A bar for the reading, and then one for the replay. */
function phases(terminal: Terminal): { update: (progress: ReplayProgress) => void; stop: () => void } {
  const begun = performance.now()
  let bar = progressBar(terminal)
  let kind: ReplayProgress['kind'] = 'reading'
  return {
    update: (progress) => {
      if (!terminal.isInteractive && performance.now() - begun < quickMs) return
      if (progress.kind !== kind) {
        bar.stop()
        bar = progressBar(terminal)
        kind = progress.kind
      }
      bar.update(...shown(progress))
    },
    stop: () => bar.stop(),
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

function shown(progress: ReplayProgress): [number, string] {
  switch (progress.kind) {
    case 'reading': {
      const { bytesRead, bytesTotal } = progress
      return [bytesRead / bytesTotal, `reading | ${megabytes(bytesRead)} of ${megabytes(bytesTotal)} MB`]
    }
    case 'replaying': {
      const { done, total } = progress
      return [done / total, `replaying | ${done} of ${total} requests`]
    }
  }
}

/** Adds what an option of lists names to what it named before; nothing twice. */
const added = <T>(before: readonly T[] | undefined, values: readonly T[]): T[] => [
  ...new Set([...(before ?? []), ...values]),
]

function capacities(text: string, before: readonly number[] | undefined): number[] {
  const parse = wholeNumber(1)
  return added(
    before,
    text.split(',').map((each) => (each === 'inf' ? Infinity : parse(each))),
  )
}

function policies(text: string, before: readonly CachePolicy[] | undefined): CachePolicy[] {
  return added(
    before,
    text.split(',').map((each) => {
      const known = cachePolicies.find((policy) => policy === each)
      if (known !== undefined) return known
      throw new InvalidArgumentError(`Allowed choices are ${cachePolicies.join(', ')}.`)
    }),
  )
}
