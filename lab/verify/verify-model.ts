import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelFacts, ProofAnswer } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { LabHosts, StartLab } from '../hosts/lab-hosts'
import { judge, type Expectation, type Verdict } from './verdict'

export interface VerifyOptions {
  readonly startLab: StartLab
  /** With the engine llama, its model, and the cache on. */
  readonly parameters: ParameterValues
  readonly text: string
  readonly promptTokens: number
  readonly maxTokens: number
  /** Spoil the values of this block in every step, as a defect would: the proof must fail. For its own test. */
  readonly spoiltBlock?: number | null
  readonly signal: AbortSignal
  /** What is done now, for people who wait. */
  readonly onStep: (step: string) => void
  readonly onVerdict: (verdict: Verdict) => void
}

export interface Proof {
  readonly model: ModelFacts
  readonly verdicts: readonly Verdict[]
  readonly passed: boolean
}

/** Share of a prompt's blocks that satellites can hold where some are to be evicted. */
const evictingShare = 0.6

/**
 * Prove that a model answers the same with cached blocks as without, on this machine: greedy answers, token for token, and every
 * logit to the last bit. Each step starts from what the one before left in the constellation.
 * @throws SkyError as starting a lab and loading a model do
 */
export async function verifyModel(options: VerifyOptions): Promise<Proof> {
  const { startLab, parameters, signal, onStep } = options
  const { slots, planes } = parameters
  onStep('Starting the local lab')
  const lab = await startLab(
    { slots, planes },
    () => undefined,
    () => undefined,
    signal,
  )
  try {
    return await new ModelProof(options, lab).run()
  } finally {
    await lab.stop()
  }
}

class ModelProof {
  readonly #options: VerifyOptions
  readonly #lab: LabHosts
  readonly #verdicts: Verdict[] = []
  #preparations = 0

  constructor(options: VerifyOptions, lab: LabHosts) {
    this.#options = options
    this.#lab = lab
  }

  async run(): Promise<Proof> {
    const { onStep, parameters, promptTokens } = this.#options
    onStep('Loading the model')
    const model = await this.#prepare(parameters)
    onStep('Computing the answer without a cache')
    const cold = await this.#answer({ useCache: false })
    const again = await this.#answer({ useCache: false })
    const blocks = cold.blockHashes.length
    // At least one token is computed, so the last block is not read when the prompt ends with it.
    const usable = Math.min(blocks, Math.floor((promptTokens - 1) / parameters.block_tokens))
    if (usable < 2) {
      const message = `a prompt of ${promptTokens} tokens has ${usable} blocks that a cache could give; a proof needs two`
      throw new SkyError('invalid_argument', message, 'Ask for a longer prompt, or for shorter blocks.')
    }
    const all: Expectation = { hits: [usable, usable], same: true }
    const some: Expectation = { hits: [0, usable - 1], same: true }
    this.#judge('cold, twice', cold, again, { hits: [0, 0], same: true })

    this.#judge('first time with the cache', cold, await this.#answer(), { hits: [0, 0], same: true })
    this.#judge('warm', cold, await this.#answer(), all)

    onStep('Starting the inference host again')
    await this.#restartInference()
    await this.#open(parameters)
    this.#judge('warm, in another process', cold, await this.#answer(), all)

    await this.#damage(cold, 1, 'lose')
    this.#judge('with a lost chunk', cold, await this.#answer(), { hits: [1, 1], same: true })
    this.#judge('after it was stored again', cold, await this.#answer(), all)

    await this.#damage(cold, 1, 'corrupt')
    this.#judge('with a corrupt chunk', cold, await this.#answer(), { hits: [1, 1], same: true })
    this.#judge('after it was stored again', cold, await this.#answer(), all)

    onStep('Turning the constellation')
    await this.#lab.inference().call('rotate', {})
    this.#judge('after a migration', cold, await this.#answer(), all)

    this.#judge('self-check: spoilt values', cold, await this.#answer({ zeroValuesOfBlock: 1 }), {
      ...all,
      same: false,
    })

    const perSatellite = (usable * cold.blockBytes * evictingShare) / parameters.servers
    await this.#prepare({ ...parameters, satellite_bytes: Math.ceil(perSatellite) })
    await this.#answer()
    this.#judge('after eviction', cold, await this.#answer(), some)
    const passed = this.#verdicts.every((verdict) => verdict.passed)
    return { model, verdicts: this.#verdicts, passed }
  }

  #judge(step: string, cold: ProofAnswer, answer: ProofAnswer, expectation: Expectation): void {
    const verdict = judge(step, cold, answer, expectation)
    this.#verdicts.push(verdict)
    this.#options.onVerdict(verdict)
  }

  async #answer(how: { useCache?: boolean; zeroValuesOfBlock?: number } = {}): Promise<ProofAnswer> {
    const { text, promptTokens, maxTokens, spoiltBlock = null, signal } = this.#options
    const { useCache = true, zeroValuesOfBlock = spoiltBlock } = how
    return this.#lab
      .inference()
      .call('prove', { text, promptTokens, maxTokens, useCache, withLogits: true, zeroValuesOfBlock }, signal)
  }

  /** Empty satellites, and the model before them. */
  async #prepare(parameters: ParameterValues): Promise<ModelFacts> {
    this.#preparations += 1
    const trialKey = `proof-${this.#preparations}`
    const satellites = this.#lab.hosts().filter((host) => host.role === 'satellite')
    await Promise.all(
      satellites.map(({ hostId }) =>
        this.#lab.satellite(hostId).call('prepareTrial', { trialKey, parameters }),
      ),
    )
    return this.#open(parameters)
  }

  async #open(parameters: ParameterValues): Promise<ModelFacts> {
    const model = await this.#lab.inference().call('openModel', { parameters }, this.#options.signal)
    if (model === null) throw new SkyError('internal', 'the inference host opened no real model')
    return model
  }

  async #damage(cold: ProofAnswer, block: number, how: 'lose' | 'corrupt'): Promise<void> {
    const hash = cold.blockHashes[block] ?? ''
    for (const { hostId, role } of this.#lab.hosts()) {
      if (role !== 'satellite') continue
      const { damaged } = await this.#lab.satellite(hostId).call('damageBlock', { hash, how })
      if (damaged) return
    }
    throw new SkyError('internal', `no satellite holds a chunk of block ${block}`)
  }

  /** Another process of the agent, and with it one of the model. */
  async #restartInference(): Promise<void> {
    const inference = this.#lab.hosts().find((host) => host.role === 'inference')
    if (inference?.state.kind !== 'healthy') throw new SkyError('host_down', 'the inference host has ended')
    const { hostId, state } = inference
    process.kill(state.pid, 'SIGKILL')
    while (this.#lab.hosts().some((host) => host.hostId === hostId && host.state.kind === 'healthy')) {
      this.#options.signal.throwIfAborted()
      await sleep(20)
    }
    await this.#lab.restart([hostId])
  }
}
