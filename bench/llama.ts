import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestLab, type TestLab } from '#agent/testing/agent-process'
import { childProcesses } from '#agent/testing/child-processes'
import type { ProofAnswer } from '#shared/contract/agent-control'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { writeRandomModel } from '#lab/models/random-model'
import { median } from './measure'

/** Tokens that are cached, and the largest share of the cold time to the first token that a warm one may take. */
const prompts = [
  { cachedTokens: 512, target: 1 / 8 },
  { cachedTokens: 1_024, target: 1 / 12 },
  { cachedTokens: 2_048, target: 1 / 16 },
] as const
/** What follows the cached blocks in a prompt, tokens. */
const tailTokens = 32
const warmRuns = 3
/** Everything but computing the tail, at 2,048 tokens, ms. */
const overheadTargetMs = 150
const memoryRequests = 200

type Times = ProofAnswer['times']

export interface PromptReport {
  readonly promptTokens: number
  readonly coldTtftMs: number
  /** Medians over the warm runs. */
  readonly warm: Times
  /** Of the prompt's blocks, those that came out of the constellation. */
  readonly blocksHit: number
  readonly ratio: number
  readonly targetRatio: number
  /** Warm time to the first token without the evaluation of the tail, ms. */
  readonly overheadMs: number
}

export type LlamaReport =
  | { readonly kind: 'skipped'; readonly why: string }
  | {
      readonly kind: 'measured'
      readonly model: string
      readonly prompts: readonly PromptReport[]
      readonly overheadTargetMs: number
      /** Resident memory of the inference host and of its model's process, bytes, after so many requests. */
      readonly memory: readonly { requests: number; hostBytes: number; modelBytes: number }[]
    }

const constellation = { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1 } as const

/** A real model of TinyLlama-1.1B's shape (random weights, q4_0), with blocks from the local satellites, link delay off. */
export async function benchLlama(): Promise<LlamaReport> {
  const packageFolder = join(import.meta.dirname, '../../agent/llama')
  if (!existsSync(join(packageFolder, 'node_modules', 'node-llama-cpp'))) {
    return { kind: 'skipped', why: 'the package @skymemory/llama is not installed' }
  }
  const modelsDirectory = mkdtempSync(join(tmpdir(), 'skymemory-bench-models-'))
  try {
    for (const shape of ['tiny', 'tinyllama'] as const) {
      await writeRandomModel(join(modelsDirectory, `${shape}.gguf`), { shape, seed: 1 })
    }
    const { slots, planes } = constellation
    const lab = await startTestLab(slots, planes, planes, { llama: { packageFolder, modelsDirectory } })
    try {
      const reports: PromptReport[] = []
      await open(lab, { model: 'tinyllama' })
      for (const prompt of prompts) reports.push(await measurePrompt(lab, prompt))
      const memory = await measureMemory(lab)
      return {
        kind: 'measured',
        model: 'llama, 1.1B, q4_0, KV f16',
        prompts: reports,
        overheadTargetMs,
        memory,
      }
    } finally {
      await lab.stop()
    }
  } finally {
    rmSync(modelsDirectory, { recursive: true, force: true })
  }
}

let trials = 0

async function open(lab: TestLab, changes: Partial<ParameterValues>): Promise<void> {
  const parameters: ParameterValues = {
    ...defaultParameters,
    ...constellation,
    engine: 'llama',
    satellite_bytes: 2 ** 30,
    context_tokens: 4_096,
    ...changes,
  }
  const trialKey = `bench-${++trials}`
  for (const host of lab.satellites) await host.control.call('prepareTrial', { trialKey, parameters })
  await lab.inference.control.call('openModel', { parameters })
}

const words = 'A satellite keeps what the model has read and gives it back to whoever asks again '

/** Texts that differ from their first word on, so that none finds the blocks of another. */
const textOf = (name: string, tokens: number): string => `${name} ${words.repeat(Math.ceil(tokens / 8))}`

function ask(lab: TestLab, text: string, promptTokens: number, maxTokens: number): Promise<ProofAnswer> {
  const how = { useCache: true, withLogits: false, zeroValuesOfBlock: null }
  return lab.inference.control.call('prove', { text, promptTokens, maxTokens, ...how })
}

async function measurePrompt(
  lab: TestLab,
  { cachedTokens, target }: (typeof prompts)[number],
): Promise<PromptReport> {
  const promptTokens = cachedTokens + tailTokens
  const text = textOf(`Prompt ${cachedTokens}`, promptTokens)
  // The first time nothing is found: cold, and its blocks are stored.
  const cold = await ask(lab, text, promptTokens, 2)
  const warm: ProofAnswer[] = []
  for (let i = 0; i < warmRuns; i++) warm.push(await ask(lab, text, promptTokens, 2))
  const times = mediansOf(warm.map((answer) => answer.times))
  const coldTtftMs = cold.times.ttftMs ?? NaN
  const warmTtftMs = times.ttftMs ?? NaN
  return {
    promptTokens,
    coldTtftMs,
    warm: times,
    blocksHit: Math.min(...warm.map((answer) => answer.blocksHit)),
    ratio: warmTtftMs / coldTtftMs,
    targetRatio: target,
    overheadMs: warmTtftMs - (times.prefillMs ?? NaN),
  }
}

function mediansOf(times: readonly Times[]): Times {
  const of = (key: keyof Times): number => median(times.map((each) => each[key] ?? NaN))
  return {
    lookupMs: of('lookupMs'),
    getMs: of('getMs'),
    restoreMs: of('restoreMs'),
    prefillMs: of('prefillMs'),
    ttftMs: of('ttftMs'),
    setMs: times[0]?.setMs ?? null,
  }
}

/** Different prompts, each asked twice, so that blocks are stored, fetched and evicted all the time. */
async function measureMemory(lab: TestLab) {
  await open(lab, { model: 'tiny', satellite_bytes: 4 * 1024 * 1024, context_tokens: 1_024 })
  const readings: { requests: number; hostBytes: number; modelBytes: number }[] = []
  for (let requests = 1; requests <= memoryRequests; requests++) {
    await ask(lab, textOf(`Request ${Math.ceil(requests / 2)}`, 500), 500, 4)
    if (requests % (memoryRequests / 4) === 0) readings.push({ requests, ...(await memoryOf(lab)) })
  }
  return readings
}

async function memoryOf(lab: TestLab): Promise<{ hostBytes: number; modelBytes: number }> {
  const { rssBytes } = await lab.inference.control.call('status', {})
  const [model] = childProcesses(lab.inference.child.pid ?? 0)
  const status = readFileSync(`/proc/${model}/status`, 'utf8')
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
  return { hostBytes: rssBytes, modelBytes: kilobytes * 1024 }
}
