import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { checkRelations } from '#shared/experiment/relations'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { readDocuments } from '#lab/experiments/documents'
import { localLab } from '#lab/local/local-lab'
import { LlamaInstallation } from '#lab/models/llama/llama-installation'
import type { Verdict } from '#lab/verify/verdict'
import { verifyModel, type Proof } from '#lab/verify/verify-model'
import type { CommandContext } from '../context'
import { engineOptions } from '../environment'
import { listenForInterrupts } from '../run/interrupts'
import { wholeNumber } from './options'

interface VerifyCommandOptions {
  readonly model: string
  readonly kvType: ParameterValues['kv_type']
  readonly blockTokens: number
  readonly promptTokens: number
  readonly outputTokens: number
  readonly threads: number
  readonly json: boolean
}

/** A small constellation: every satellite of it holds a part of each block. */
const constellation = { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, servers: 9 } as const
/** More than any prompt of a proof needs. */
const plentifulBytes = 8 * 1024 ** 3

export function verifyCommand(program: Command, context: () => CommandContext): void {
  program
    .command('verify')
    .summary('prove that a model answers the same with the cache as without')
    .description(
      'Prove on this machine that a model answers the same with cached blocks as without: greedy answers, token for token, and every\nlogit to the last bit. A local lab of 5x3 satellites is started for it. Exit code 1 when a step fails.',
    )
    .requiredOption('--model <file>', 'a GGUF file, or the name of a model that was added')
    .addOption(
      new Option('--kv-type <type>', 'how KV values are kept').choices(['f16', 'q8_0']).default('f16'),
    )
    .option('--block-tokens <n>', 'tokens of a block', wholeNumber(1, 65_536), 128)
    .option('--prompt-tokens <n>', 'tokens of the prompt', wholeNumber(2, 1_000_000), 549)
    .option('--output-tokens <n>', 'tokens of the answer', wholeNumber(1, 10_000), 16)
    .option('--threads <n>', 'threads that compute; 0 = one for each core', wholeNumber(0, 1_024), 0)
    .option('--json', 'print the proof as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory verify --model tinyllama.gguf
  skymemory verify --model tinyllama.gguf --kv-type q8_0 --prompt-tokens 1100 --json`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const found = context()
      const proof = await proveOnLocalLab(found, options)
      const { terminal } = found
      if (options.json) terminal.out(JSON.stringify(proof))
      else terminal.out(summary(proof))
      if (!proof.passed) {
        throw new SkyError(
          'engine_failed',
          'The model does not answer the same with the cache as without',
          'Do not publish figures of this model on this machine; report the lines above.',
        )
      }
    })
}

async function proveOnLocalLab(context: CommandContext, options: VerifyCommandOptions): Promise<Proof> {
  const { terminal, installation, data } = context
  const { agentEntry, nodeExecutable, llama } = engineOptions(installation, data)
  const folder = new LlamaInstallation({ ...llama, dataDirectory: data }).found
  if (folder === null) {
    const message = 'llama.cpp, which runs models, is not installed on this machine'
    throw new SkyError('not_supported', message, 'Install it: skymemory model engine install')
  }
  const text = (await readDocuments(installation.documentsDirectory, options.promptTokens * 2))
    .map((document) => document.text)
    .join('\n')
  const journalDirectory = await mkdtemp(join(tmpdir(), 'skymemory-verify-'))
  const interrupts = listenForInterrupts()
  try {
    return await verifyModel({
      startLab: localLab({
        nodeExecutable,
        agentEntry,
        journalDirectory,
        models: { packageFolder: folder, modelsDirectory: join(data, 'models') },
      }),
      parameters: proofParameters(options),
      text,
      promptTokens: options.promptTokens,
      maxTokens: options.outputTokens,
      signal: interrupts.signal,
      onStep: (step) => terminal.err(`${step} …`),
      onVerdict: (verdict) => (options.json ? undefined : terminal.out(line(verdict))),
    })
  } finally {
    interrupts.stop()
    await rm(journalDirectory, { recursive: true, force: true })
  }
}

function proofParameters(options: VerifyCommandOptions): ParameterValues {
  const parameters: ParameterValues = {
    ...defaultParameters,
    ...constellation,
    engine: 'llama',
    model: existsSync(options.model) ? resolve(options.model) : options.model,
    kv_type: options.kvType,
    block_tokens: options.blockTokens,
    context_tokens: Math.max(256, options.promptTokens + options.outputTokens + 2),
    threads: options.threads,
    satellite_bytes: plentifulBytes,
  }
  const [problem] = checkRelations(parameters)
  if (problem !== undefined) {
    throw new SkyError('invalid_argument', problem.message, `Allowed: ${problem.allowed}`)
  }
  return parameters
}

const line = ({ passed, step, text }: Verdict): string => `${passed ? '✓' : '✗'} ${step}: ${text}`

function summary({ model, verdicts, passed }: Proof): string {
  const count = `${verdicts.filter((verdict) => verdict.passed).length} of ${verdicts.length} steps`
  const what = `${model.architecture}, KV ${model.kvType}, ${model.threads} threads, ${model.library}`
  return `${passed ? 'Proven' : 'Not proven'}: ${count} (${what}; file ${model.fileSha256})`
}
