import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import type { Proof, ProofProgress, ProofQuestion, Verdict } from '#shared/contract/proof-api'
import { parameters } from '#shared/experiment/parameters'
import { localLab } from '#lab/local/local-lab'
import { LlamaInstallation } from '#lab/models/llama/llama-installation'
import { proofParameters, smallShape } from '#lab/verify/proof-parameters'
import { proofText } from '#lab/verify/proof-text'
import { killHost } from '#lab/verify/kill-host'
import { verifyModel } from '#lab/verify/verify-model'
import type { CommandContext } from '../context'
import { engineOptions } from '../environment'
import { answering } from '../hosts/answer'
import { connectFirst, withHosts } from '../hosts/lab-client'
import { listenForInterrupts } from '../run/interrupts'
import { wholeNumber } from './options'

interface VerifyCommandOptions extends ProofQuestion {
  readonly lab?: string
  readonly json: boolean
}

export function verifyCommand(program: Command, context: () => CommandContext): void {
  program
    .command('verify')
    .summary('prove that a model answers the same with the cache as without')
    .description(
      'Prove that a model answers the same with cached blocks as without: greedy answers, token for token, and every logit to the last\nbit. On this machine a local lab of 5x3 satellites is started for it; with --lab the model runs on the inference host of a lab, and\nits satellites on the hosts of that lab. Exit code 1 when a step fails.',
    )
    .requiredOption(
      '--model <model>',
      'a GGUF file, or the name of a model that was added; with --lab the name of one that was added there',
    )
    .option('--lab <lab>', 'prove it on the hosts of this lab, over SSH')
    .addOption(
      new Option('--kv-type <type>', 'how KV values are kept')
        .choices(parameters.kv_type.values)
        .default('f16'),
    )
    .option('--block-tokens <n>', 'tokens of a block', wholeNumber(1, 65_536), 128)
    .option('--prompt-tokens <n>', 'tokens of the prompt', wholeNumber(2, 1_000_000), 549)
    .option('--output-tokens <n>', 'tokens of the answer', wholeNumber(1, 10_000), 16)
    .option('--threads <n>', 'threads that compute; 0 = one for each core', wholeNumber(0, 1_024), 0)
    .option('--json', 'print the proof as JSON', false)
    .addHelpText(
      'after',
      `
With --lab the agent of the inference host is restarted once, and the satellites of all hosts are emptied. A lab that runs in the
background keeps its constellation; runs that are started meanwhile wait.

Examples:
  skymemory verify --model tinyllama.gguf
  skymemory verify --model tinyllama.gguf --kv-type q8_0 --prompt-tokens 1100 --json
  skymemory verify --model tinyllama --lab testbed`,
    )
    .action(async ({ lab, json, ...question }: VerifyCommandOptions) => {
      const found = context()
      const { terminal } = found
      const onProgress = (progress: ProofProgress): void => {
        if (progress.kind === 'step') terminal.err(`${progress.text} …`)
        else if (!json) terminal.out(line(progress.verdict))
      }
      const proof =
        lab === undefined
          ? await proveHere(found, question, onProgress)
          : await proveOnLab(found, lab, question, onProgress)
      terminal.out(json ? JSON.stringify(proof) : summary(proof))
      if (proof.passed) return
      throw new SkyError(
        'engine_failed',
        'The model does not answer the same with the cache as without',
        'Do not publish figures of this model on this hardware; report the lines above.',
      )
    })
}

type OnProgress = (progress: ProofProgress) => void

async function proveHere(
  { installation, data }: CommandContext,
  question: ProofQuestion,
  onProgress: OnProgress,
): Promise<Proof> {
  const { agentEntry, nodeExecutable, llama, documentsDirectory } = engineOptions(installation, data)
  const packageFolder = new LlamaInstallation({ ...llama, dataDirectory: data }).found
  if (packageFolder === null) {
    const message = 'llama.cpp, which runs models, is not installed on this machine'
    throw new SkyError('not_supported', message, 'Install it: skymemory model engine install')
  }
  const { model, promptTokens, outputTokens } = question
  const named = { ...question, model: existsSync(model) ? resolve(model) : model }
  const proofOptions = {
    parameters: proofParameters(named, smallShape),
    text: await proofText(documentsDirectory, promptTokens),
    promptTokens,
    maxTokens: outputTokens,
    onProgress,
  }
  const journalDirectory = await mkdtemp(join(tmpdir(), 'skymemory-verify-'))
  const { signal, stop } = listenForInterrupts()
  try {
    onProgress({ kind: 'step', text: 'Starting the local lab' })
    const models = { packageFolder, modelsDirectory: join(data, 'models') }
    const start = localLab({ nodeExecutable, agentEntry, journalDirectory, models })
    const quiet = (): void => undefined
    const lab = await start(smallShape, quiet, quiet, signal)
    try {
      return await verifyModel(lab, { ...proofOptions, endProcess: killHost, signal })
    } finally {
      await lab.stop()
    }
  } finally {
    stop()
    await rm(journalDirectory, { recursive: true, force: true })
  }
}

function proveOnLab(
  context: CommandContext,
  lab: string,
  question: ProofQuestion,
  onProgress: OnProgress,
): Promise<Proof> {
  return withHosts(context, async (command) => {
    const { client, answers, lost } = command
    await connectFirst(command, await client.call('inventory', { lab }), null)
    const { signal, stop } = listenForInterrupts()
    const unsubscribe = client.on('proofProgress', (event) => event.lab === lab && onProgress(event.progress))
    try {
      const proving = answering(answers, () => client.call('proveModel', { lab, question }, signal))
      return await Promise.race([proving, lost])
    } finally {
      unsubscribe()
      stop()
    }
  })
}

const line = ({ passed, step, text }: Verdict): string => `${passed ? '✓' : '✗'} ${step}: ${text}`

function summary({ model, verdicts, passed }: Proof): string {
  const count = `${verdicts.filter((verdict) => verdict.passed).length} of ${verdicts.length} steps`
  const what = `${model.architecture}, KV ${model.kvType}, ${model.threads} threads, ${model.library}`
  return `${passed ? 'Proven' : 'Not proven'}: ${count} (${what}; file ${model.fileSha256})`
}
