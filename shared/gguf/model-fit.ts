import { z } from 'zod'
import { cacheKindOf, plainArchitectures } from './architectures'
import { fitsQ8, q8BlockValues } from './kvc-bytes'
import { memoryNeeded, type ModelUse } from './memory-needed'
import type { ModelShape } from './model-shape'

/** Why a model cannot be run, or what to know before it is. */
export const modelProblem = z.object({
  kind: z.enum([
    'truncated',
    'split',
    'architecture',
    'sliding_window',
    'latent_attention',
    'recurrent',
    'not_causal',
    'no_tokenizer',
    'cache_type',
    'memory',
    'context',
    'system_library',
  ]),
  /** A warning does not keep the model from running. */
  severity: z.enum(['error', 'warning']),
  /** What is wrong, a whole sentence. */
  message: z.string(),
  /** The value that was found. */
  found: z.string(),
  /** What to do. */
  hint: z.string(),
})
export type ModelProblem = z.infer<typeof modelProblem>

export interface Circumstances extends ModelUse {
  /** Bytes that the file has. */
  readonly fileBytes: number
  /** Memory that is free on the machine; null to leave it out. */
  readonly freeMemoryBytes: number | null
}

/** What keeps a model from running, of what was found. */
export const hindrances = (problems: readonly ModelProblem[]): ModelProblem[] =>
  problems.filter(({ severity }) => severity === 'error')

/**
 * All that keeps a model from running with its cache cut into blocks, and warnings; before it is loaded. Empty when it fits.
 */
export function whatDoesNotFit(shape: ModelShape, circumstances: Circumstances): ModelProblem[] {
  const file = fileProblems(shape, circumstances.fileBytes)
  const cache = cacheProblems(shape, circumstances)
  // Sizes of caches of another kind are not known.
  const isOther = hindrances(cache).some(({ kind }) => kind !== 'cache_type' && kind !== 'sliding_window')
  if (isOther) return [...file, ...cache]
  return [...file, ...cache, ...sizeProblems(shape, circumstances)]
}

/** The part of `whatDoesNotFit` that depends on the model alone, not on how and where it is run. */
export function whatNeverFits(shape: ModelShape, fileBytes: number): ModelProblem[] {
  return [...fileProblems(shape, fileBytes), ...architectureProblems(shape)]
}

const error = (kind: ModelProblem['kind'], message: string, found: string, hint: string): ModelProblem => ({
  kind,
  severity: 'error',
  message,
  found,
  hint,
})

function fileProblems(shape: ModelShape, fileBytes: number): ModelProblem[] {
  const problems: ModelProblem[] = []
  if (shape.splitFiles > 1) {
    problems.push(
      error(
        'split',
        `The file is one of the ${shape.splitFiles} parts of a model.`,
        `${shape.splitFiles} files`,
        'Put the parts together: llama-gguf-split --merge FIRST-PART WHOLE.gguf',
      ),
    )
  }
  if (fileBytes < shape.wholeFileBytes) {
    const missing = shape.wholeFileBytes - fileBytes
    problems.push(
      error(
        'truncated',
        `The file is truncated: it has ${megabytes(fileBytes)}, and its header describes ${megabytes(shape.wholeFileBytes)}; ${missing} bytes are missing.`,
        `${fileBytes} of ${shape.wholeFileBytes} bytes`,
        'Fetch the file again.',
      ),
    )
  }
  if (shape.tensors === 0) {
    problems.push(
      error('truncated', 'The file has no weights, only a vocabulary.', '0 tensors', 'Take the whole model.'),
    )
  }
  return problems
}

const otherModel = `Choose a model with a plain cache: ${plainArchitectures.slice(0, 10).join(', ')} or another of those that docs/models.md lists.`

function architectureProblems(shape: ModelShape): ModelProblem[] {
  const { architecture } = shape
  const problems: ModelProblem[] = []
  const cache = cacheKindOf(architecture)
  if (cache.kind === 'other') {
    const message = `The architecture ${architecture} ${cache.why}: its cache cannot be cut into blocks of tokens.`
    problems.push(error('architecture', message, architecture, otherModel))
  }
  if (cache.kind === 'unknown') {
    problems.push({
      kind: 'architecture',
      severity: 'warning',
      message: `The architecture ${architecture} is not among those whose cache was proven to be plain: it is tried out whenever the model is loaded.`,
      found: architecture,
      hint: 'Prove it on your machine: skymemory verify --model FILE',
    })
  }
  if (cache.kind === 'plain' && cache.window === 'kept' && shape.slidingWindow !== null) {
    const message = `Some layers of the model keep only a sliding window of ${shape.slidingWindow} tokens: its cache cannot be cut into blocks of tokens.`
    problems.push(
      error('architecture', message, `attention.sliding_window ${shape.slidingWindow}`, otherModel),
    )
  }
  if (cache.kind !== 'other') {
    if (shape.latentAttention) {
      const message = 'The model has multi-head latent attention: its cache is compressed.'
      problems.push(error('latent_attention', message, 'attention.kv_lora_rank is set', otherModel))
    }
    if (shape.recurrent) {
      const message = 'Some layers of the model keep a recurrent state, which cannot be cut into blocks.'
      problems.push(error('recurrent', message, 'values of a recurrent state are set', otherModel))
    }
    if (!shape.causal) {
      const message = 'The model is an encoder: its tokens depend on later ones.'
      problems.push(error('not_causal', message, 'attention.causal is false', otherModel))
    }
  }
  if (shape.vocabulary === 0 || shape.tokenizer === null || shape.tokenizer === 'no_vocab') {
    const message = 'The file has no tokenizer, so that text cannot be given to the model.'
    problems.push(error('no_tokenizer', message, shape.tokenizer ?? 'none', 'Take a file with a vocabulary.'))
  }
  return problems
}

function cacheProblems(shape: ModelShape, { kvType, contextTokens }: Circumstances): ModelProblem[] {
  const problems = architectureProblems(shape)
  if (shape.slidingWindow !== null && shape.slidingWindow < contextTokens) {
    problems.push(
      error(
        'sliding_window',
        `The model's attention looks back ${shape.slidingWindow} tokens only, and the context has ${contextTokens}.`,
        `attention.sliding_window ${shape.slidingWindow}`,
        `Choose a context of at most ${shape.slidingWindow} tokens, or a model without a sliding window.`,
      ),
    )
  }
  if (kvType === 'q8_0' && !fitsQ8(shape)) {
    problems.push(
      error(
        'cache_type',
        `A cache of q8_0 needs heads whose size is a multiple of ${q8BlockValues}.`,
        `keys of ${shape.headSizeK}, values of ${shape.headSizeV}`,
        'Choose f16 for the cache.',
      ),
    )
  }
  return problems
}

function sizeProblems(shape: ModelShape, circumstances: Circumstances): ModelProblem[] {
  const { contextTokens, freeMemoryBytes, kvType } = circumstances
  const problems: ModelProblem[] = []
  const canKeep = kvType === 'f16' || fitsQ8(shape)
  if (freeMemoryBytes !== null && canKeep) {
    const { weights, cache, compute, copies, program, total } = memoryNeeded(shape, circumstances)
    if (total > freeMemoryBytes) {
      problems.push(
        error(
          'memory',
          `The model needs about ${megabytes(total)} of memory: ${megabytes(weights)} for its weights, ${megabytes(cache)} for the cache of ${contextTokens} tokens at ${kvType}, ${megabytes(copies)} for its copies while blocks are stored and restored, about ${megabytes(compute)} to compute, ${megabytes(program)} for the program; ${megabytes(freeMemoryBytes)} are free.`,
          `${megabytes(freeMemoryBytes)} free`,
          total - cache - copies <= freeMemoryBytes
            ? 'Choose a smaller context, the cache type q8_0 or a smaller model, or end other programs.'
            : 'Choose a smaller model or a stronger quantisation, or end other programs.',
        ),
      )
    }
  }
  if (shape.trainContextTokens > 0 && contextTokens > shape.trainContextTokens) {
    problems.push({
      kind: 'context',
      severity: 'warning',
      message: `The context of ${contextTokens} tokens is longer than the ${shape.trainContextTokens} that the model was trained for: what it says after them may be of no use.`,
      found: `${shape.trainContextTokens} tokens`,
      hint: `Choose a context of at most ${shape.trainContextTokens} tokens.`,
    })
  }
  return problems
}

/** The C library that the binaries of llama.cpp were built for. */
export const leastGlibc = [2, 34] as const

/**
 * @param found the version that the system has (`process.report.getReport().header.glibcVersionRuntime`); null where there is no glibc,
 *   as on Alpine, which has musl
 */
export function glibcProblem(found: string | null): ModelProblem | null {
  const least = leastGlibc.join('.')
  const hint = `Use a system with glibc ${least} or newer: Debian 12, Ubuntu 22.04, JetPack 6.`
  if (found === null) {
    const message = `llama.cpp's binaries need glibc ${least}, and this system has another C library.`
    return error('system_library', message, 'no glibc', hint)
  }
  const [major = NaN, minor = NaN] = found.split('.').map(Number)
  if (major > leastGlibc[0] || (major === leastGlibc[0] && minor >= leastGlibc[1])) return null
  const message = `llama.cpp's binaries need glibc ${least}, and this system has ${found}.`
  return error('system_library', message, found, hint)
}

const megabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`
