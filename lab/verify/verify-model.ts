import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelFacts, ProofAnswer } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Proof, ProofProgress, Verdict } from '#shared/contract/proof-api'
import type { ParameterValues } from '#shared/experiment/parameters'
import { largestShare } from '#shared/kvc/chunks'
import type { LabHosts } from '../hosts/lab-hosts'
import { satelliteHosts } from '../runs/prepare-trial'
import { LabWatch } from './lab-watch'
import { judge, type Expectation } from './verdict'

export interface VerifyOptions {
  /** With the engine llama, its model, the shape of the lab, and the cache on. */
  readonly parameters: ParameterValues
  readonly text: string
  readonly promptTokens: number
  readonly maxTokens: number
  /** End the process of the inference host; the lab starts another one when it is asked to. */
  readonly endProcess: (inference: LabHost) => Promise<void>
  /** Spoil the values of this block in every step, as a defect would: the proof must fail. For its own test. */
  readonly spoiltBlock?: number | null
  readonly signal: AbortSignal
  readonly onProgress: (progress: ProofProgress) => void
}

/** Time in which the inference host is to be back and connected to all others, ms, and between two looks at it. */
const restartLimitMs = 90_000
const lookMs = 50

/**
 * Prove that a model answers the same with cached blocks as without, on the hosts of a lab: greedy answers, token for token, and every
 * logit to the last bit. Each step starts from what the one before left in the constellation.
 * @throws SkyError as loading a model does; `host_down`, `unreachable`, `connection_lost` when a host is lost; `cancelled`
 */
export async function verifyModel(lab: LabHosts, options: VerifyOptions): Promise<Proof> {
  const watch = new LabWatch(lab)
  try {
    return await new ModelProof(lab, watch, options).run()
  } finally {
    watch.stop()
  }
}

/** What one answer differs in from the others. */
interface Asked {
  readonly text: string
  readonly promptTokens: number
  readonly useCache: boolean
  readonly zeroValuesOfBlock: number
}

class ModelProof {
  readonly #lab: LabHosts
  readonly #watch: LabWatch
  readonly #options: VerifyOptions
  /** Aborted when nobody wants the proof any more, or it cannot go on. */
  readonly #signal: AbortSignal
  readonly #verdicts: Verdict[] = []
  /** Hosts empty their satellites for a trial that they do not hold yet: another proof must not find what an earlier one left. */
  readonly #trial = `proof-${Date.now().toString(36)}`
  #preparations = 0

  constructor(lab: LabHosts, watch: LabWatch, options: VerifyOptions) {
    this.#lab = lab
    this.#watch = watch
    this.#options = options
    this.#signal = AbortSignal.any([options.signal, watch.signal])
  }

  async run(): Promise<Proof> {
    const { parameters, promptTokens } = this.#options
    this.#step('Loading the model')
    const model = await this.#prepare(parameters)
    this.#step('Computing the answer without a cache')
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
    // Some are evicted, and some that stayed are used.
    const some: Expectation = { hits: [1, usable - 1], same: true }
    const none: Expectation = { hits: [0, 0], same: true }
    const one: Expectation = { hits: [1, 1], same: true }
    await this.#judge('cold, twice', cold, again, none)

    await this.#judge('first time with the cache', cold, await this.#answer(), none)
    await this.#judge('warm', cold, await this.#answer(), all)

    this.#step('Starting the inference host again')
    await this.#restartInference()
    await this.#open(parameters)
    await this.#judge('warm, in another process', cold, await this.#answer(), all)

    await this.#damage(cold, 1, 'lose')
    await this.#judge('with a lost chunk', cold, await this.#answer(), one)
    await this.#judge('after it was stored again', cold, await this.#answer(), all)

    await this.#damage(cold, 1, 'corrupt')
    await this.#judge('with a corrupt chunk', cold, await this.#answer(), one)
    await this.#judge('after it was stored again', cold, await this.#answer(), all)

    this.#step('Turning the constellation')
    const missing = (await this.#migrate()) > 0 ? null : 'no chunk was moved by any rotation'
    await this.#judge('after a migration', cold, await this.#answer(), { ...all, missing })

    const spoilt = await this.#answer({ zeroValuesOfBlock: 1 })
    await this.#judge('self-check: spoilt values', cold, spoilt, { ...all, same: false })

    this.#step('Filling the satellites')
    await this.#fill(cold)
    await this.#judge('in satellites that are full', cold, await this.#answer(), all)
    await this.#evict(blocks, usable)
    await this.#judge('after eviction', cold, await this.#answer(), some)
    const passed = this.#verdicts.every((verdict) => verdict.passed)
    return { model, verdicts: this.#verdicts, passed }
  }

  #step(text: string): void {
    this.#options.onProgress({ kind: 'step', text })
  }

  async #judge(
    step: string,
    cold: ProofAnswer,
    answer: ProofAnswer,
    expectation: Expectation,
  ): Promise<void> {
    const verdict = judge(step, cold, answer, expectation)
    // What a lost host has lost is no defect of the model.
    if (!verdict.passed) await this.#watch.check()
    this.#verdicts.push(verdict)
    this.#options.onProgress({ kind: 'verdict', verdict })
  }

  /** Ask hosts for something; where that fails because one of them is gone, that is told. */
  async #ask<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#requireWanted()
    try {
      return await question(this.#signal)
    } catch (thrown) {
      if (!this.#signal.aborted) await this.#watch.check()
      throw thrown
    } finally {
      // An answer that was cut short is an answer, too.
      this.#requireWanted()
    }
  }

  #requireWanted(): void {
    this.#watch.signal.throwIfAborted()
    if (this.#options.signal.aborted) throw new SkyError('cancelled', 'The proof was cancelled')
  }

  async #answer(how: Partial<Asked> = {}): Promise<ProofAnswer> {
    const { maxTokens, spoiltBlock = null } = this.#options
    const { text, promptTokens } = { ...this.#options, ...how }
    const { useCache = true, zeroValuesOfBlock = spoiltBlock } = how
    const request = { text, promptTokens, maxTokens, useCache, withLogits: true, zeroValuesOfBlock }
    return this.#ask((signal) => this.#lab.inference().call('prove', request, signal))
  }

  /** Empty satellites, and the model before them. */
  async #prepare(parameters: ParameterValues): Promise<ModelFacts> {
    this.#preparations += 1
    const trial = { trialKey: `${this.#trial}.${this.#preparations}`, parameters }
    const hosts = satelliteHosts(this.#lab)
    await this.#ask((signal) =>
      Promise.all(hosts.map(({ hostId }) => this.#lab.satellite(hostId).call('prepareTrial', trial, signal))),
    )
    return this.#open(parameters)
  }

  async #open(parameters: ParameterValues): Promise<ModelFacts> {
    const model = await this.#ask((signal) => this.#lab.inference().call('openModel', { parameters }, signal))
    if (model === null) throw new SkyError('internal', 'the inference host opened no real model')
    return model
  }

  async #damage(cold: ProofAnswer, block: number, how: 'lose' | 'corrupt'): Promise<void> {
    const hash = cold.blockHashes[block] ?? ''
    for (const { hostId } of satelliteHosts(this.#lab)) {
      const { damaged } = await this.#ask((signal) =>
        this.#lab.satellite(hostId).call('damageBlock', { hash, how }, signal),
      )
      if (damaged) return
    }
    throw new SkyError('internal', `no satellite holds a chunk of block ${block}`)
  }

  /** Rotations until something moves: small blocks lie on few servers, and those of the leaving column may hold none of them. @returns chunks moved */
  async #migrate(): Promise<number> {
    for (let turns = 0; turns < this.#options.parameters.slots; turns++) {
      const { chunks } = await this.#ask((signal) => this.#lab.inference().call('rotate', {}, signal))
      if (chunks > 0) return chunks
    }
    return 0
  }

  /** Empty satellites with room for the blocks of the prompt and no more; and the blocks. */
  async #fill({ blockHashes, blockBytes }: ProofAnswer): Promise<void> {
    const { parameters } = this.#options
    const ofOneBlock = largestShare(blockBytes, parameters.chunk_bytes, parameters.servers)
    await this.#prepare({ ...parameters, satellite_bytes: ofOneBlock * blockHashes.length })
    await this.#answer()
  }

  /** Use the first half of the blocks, then store as many of another prompt as there are others: those make room for them. */
  async #evict(blocks: number, usable: number): Promise<void> {
    const { text, parameters } = this.#options
    const used = Math.floor(usable / 2)
    const tokensOf = (count: number): number => count * parameters.block_tokens + 1
    await this.#answer({ promptTokens: tokensOf(used) })
    await this.#answer({ promptTokens: tokensOf(blocks - used), text: `Something else. ${text}` })
  }

  /** Another process of the agent, and with it one of the model. */
  async #restartInference(): Promise<void> {
    const before = this.#inference()
    if (before.state.kind !== 'healthy') throw new SkyError('host_down', 'the inference host has ended')
    const { hostId, state } = before
    await this.#watch.sparing(hostId, async () => {
      await this.#options.endProcess(before)
      const deadline = performance.now() + restartLimitMs
      while (!isAnother(this.#inference(), state.pid)) {
        this.#requireWanted()
        if (performance.now() > deadline) {
          const message = `${hostId} did not come back within ${restartLimitMs / 1000} s`
          throw new SkyError('lab_start_failed', message, 'Look at the log of its agent.', { hostId })
        }
        await this.#lab.restart([hostId])
        await this.#lab.poll()
        await sleep(lookMs)
      }
    })
  }

  #inference(): LabHost {
    const host = this.#lab.hosts().find(({ role }) => role === 'inference')
    if (!host) throw new SkyError('invalid_argument', `The lab ${this.#lab.name} has no inference host`)
    return host
  }
}

/** Another process than this one answers, and reaches every host. */
const isAnother = ({ state }: LabHost, pid: number): boolean =>
  state.kind === 'healthy' && state.pid !== pid && state.peersConnected >= state.peersExpected
