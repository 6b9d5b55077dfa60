import { Option, type Command } from 'commander'
import { kvcBytesPerToken, kvTypes, fitsQ8, type KvType } from '#shared/gguf/kvc-bytes'
import { memoryNeeded, type MemoryNeeded } from '#shared/gguf/memory-needed'
import { hindrances, whatDoesNotFit, whatNeverFits, type ModelProblem } from '#shared/gguf/model-fit'
import type { ModelShape } from '#shared/gguf/model-shape'
import { usualContext } from '#lab/models/local-models'
import { readModelFile } from '#lab/models/model-file'
import { ModelStore } from '#lab/models/model-store'
import { thisMachine } from '#lab/models/this-machine'
import type { CommandContext } from '../../context'
import { wholeNumber } from '../options'
import { byteCount, megabytes } from './units'

interface ShowOptions {
  readonly context?: number
  readonly blockTokens: number
  readonly chunkBytes: number
  readonly kv: KvType
  readonly json: boolean
}

export function showModelCommand(model: Command, context: () => CommandContext): void {
  model
    .command('show <model>')
    .description(
      'Say what a model is (a name, or a GGUF file), how large its cache is, and whether it can be run on this machine.',
    )
    .option(
      '--context <tokens>',
      `prompt and output; what it was trained for, at most ${usualContext}, unless told otherwise`,
      wholeNumber(1, 2 ** 31),
    )
    .addOption(new Option('--kv <type>', 'how keys and values are kept').choices(kvTypes).default('f16'))
    .option('--block-tokens <n>', 'tokens of a block', wholeNumber(1, 65_536), 128)
    .option('--chunk-bytes <n>', 'bytes of a chunk', wholeNumber(256, 2 ** 31), 12_288)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Only the header of the file is read.

Examples:
  skymemory model show qwen-1.5b
  skymemory model show ./model.gguf --context 8192 --kv q8_0`,
    )
    .action(async (nameOrFile: string, options: ShowOptions) => {
      const { terminal, data } = context()
      const found = await look(data, nameOrFile, options)
      if (options.json) terminal.out(JSON.stringify(found))
      else terminal.out(linesOf(rowsOf(found)))
    })
}

interface Shown {
  readonly path: string
  readonly bytes: number
  /** Null when it is not kept here. */
  readonly sha256: string | null
  readonly shape: ModelShape
  /** Null when its cache is not plain, or cannot be kept so. */
  readonly cache: Readonly<
    Record<KvType, { readonly bytesPerToken: number; readonly bytesPerBlock: number } | null>
  >
  readonly use: {
    readonly contextTokens: number
    readonly blockTokens: number
    readonly chunkBytes: number
    readonly kvType: KvType
  }
  readonly memory: MemoryNeeded | null
  readonly freeMemoryBytes: number
  readonly problems: readonly ModelProblem[]
}

async function look(data: string, nameOrFile: string, options: ShowOptions): Promise<Shown> {
  const store = new ModelStore(data)
  const path = await store.pathOf(nameOrFile)
  const { bytes, shape } = await readModelFile(path)
  const kept = (await store.list()).find((each) => each.path === path)
  const { kv: kvType, blockTokens, chunkBytes } = options
  const contextTokens = options.context ?? Math.min(usualContext, shape.trainContextTokens || usualContext)
  const isPlain = hindrances(whatNeverFits(shape, Infinity)).length === 0
  const cacheAt = (type: KvType): { bytesPerToken: number; bytesPerBlock: number } | null => {
    if (!isPlain || (type === 'q8_0' && !fitsQ8(shape))) return null
    const bytesPerToken = kvcBytesPerToken(shape, type)
    return { bytesPerToken, bytesPerBlock: bytesPerToken * blockTokens }
  }
  const cache = { f16: cacheAt('f16'), q8_0: cacheAt('q8_0') }
  const { freeMemoryBytes, problem } = thisMachine()
  const use = { kvType, contextTokens, batchTokens: blockTokens }
  const problems = whatDoesNotFit(shape, { ...use, fileBytes: bytes, freeMemoryBytes })
  return {
    path,
    bytes,
    sha256: kept?.sha256 ?? null,
    shape,
    cache,
    use: { contextTokens, blockTokens, chunkBytes, kvType },
    memory: cache[kvType] === null ? null : memoryNeeded(shape, use),
    freeMemoryBytes,
    problems: problem === null ? problems : [problem, ...problems],
  }
}

function rowsOf({
  path,
  bytes,
  sha256,
  shape,
  cache,
  use,
  memory,
  freeMemoryBytes,
  problems,
}: Shown): [string, string][] {
  const { kvHeads } = shape
  const [least, most] = [Math.min(...kvHeads), Math.max(...kvHeads)]
  const heads = kvHeads.length === 0 ? '–' : least === most ? `${most}` : `${least} to ${most}`
  const perToken = kvTypes.map(
    (type) => `${cache[type] ? byteCount(cache[type].bytesPerToken) : '–'} at ${type}`,
  )
  const perBlock = kvTypes.map((type) => {
    const found = cache[type]
    if (found === null) return `– at ${type}`
    return `${byteCount(found.bytesPerBlock)} at ${type} (${Math.ceil(found.bytesPerBlock / use.chunkBytes)} chunks)`
  })
  return [
    ['name', shape.name === '' ? '–' : shape.name],
    ['file', `${path} (${megabytes(bytes)})`],
    ...(sha256 === null ? [] : [['SHA-256', sha256] as [string, string]]),
    ['architecture', shape.architecture],
    ['quantisation', shape.quantisation],
    [
      'parameters',
      `${(shape.parameters / 1e6).toFixed(1)} million in ${shape.tensors} tensors, ${megabytes(shape.tensorBytes)}`,
    ],
    ['layers, width', `${shape.layers}, ${shape.width}`],
    ['heads', `${shape.heads} of queries, ${heads} of keys and values`],
    ['head size', `keys ${shape.headSizeK}, values ${shape.headSizeV}`],
    ['trained context', shape.trainContextTokens > 0 ? `${shape.trainContextTokens} tokens` : 'not stated'],
    ['tokenizer', `${shape.tokenizer ?? 'none'}, ${shape.vocabulary} tokens`],
    ['chat template', shape.chatTemplate === null ? 'none' : 'yes'],
    ['cache of a token', perToken.join(', ')],
    [`block of ${use.blockTokens} tokens`, perBlock.join(', ')],
    ['memory needed', memory === null ? '–' : memoryText(memory, use)],
    ['memory free here', megabytes(freeMemoryBytes)],
    ['fits this machine', hindrances(problems).length === 0 ? 'yes' : 'no'],
    ...problems.map(({ severity, message, hint }): [string, string] => [
      severity === 'error' ? 'problem' : 'note',
      `${message} ${hint}`,
    ]),
  ]
}

/** One line each: long texts are for the terminal to break. */
function linesOf(rows: readonly [string, string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}

function memoryText(memory: MemoryNeeded, { contextTokens, kvType }: Shown['use']): string {
  const { weights, cache, compute, copies, program, total } = memory
  return (
    `about ${megabytes(total)}: weights ${megabytes(weights)}, cache of ${contextTokens} tokens at ${kvType} ${megabytes(cache)}, ` +
    `its copies on the way ${megabytes(copies)}, computing ${megabytes(compute)}, program ${megabytes(program)}`
  )
}
