import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  Document,
  Failures,
  LabTopology,
  ModelFacts,
  TrialSpec,
  TrialStatus,
} from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { JournalEntry } from '#shared/experiment/records'
import { planConversations } from '#shared/workload/conversations'
import type { Log } from '../log'
import { TrialNetwork } from '#shared/network/trial-network'
import { DelayLine, emptyTotals, type DelayTotals } from '../network/delay-line'
import { TcpTransport } from '../transport/tcp-transport'
import { plainWire, type Wire } from '../transport/wire'
import type { OpenModel } from './open-model'
import type { Engine } from './engine/engine'
import { EngineShelf } from './engine/engine-shelf'
import type { LocalModels } from './engine/llama/local-models'
import { GroundStation, isForGround } from './kvc/ground-station'
import { AdaptiveFetch, fetchAlways } from './kvc/fetch-policy'
import { KvcClient } from './kvc/kvc-client'
import { Journal } from './trial/journal'
import type { PromptSession } from '#shared/workload/prompt-session'
import { TrialRunner } from './trial/trial-runner'

/** Called with every new entry of a trial's journal. */
export type EntryListener = (trialKey: string, entry: JournalEntry) => void

/** The ground station and the model's host: runs trials, and serves the API between them. */
export class InferenceHost {
  readonly transport: TcpTransport
  readonly #delayLine = new DelayLine()
  readonly #journalDirectory: string
  readonly #log: Log
  readonly #engines: EngineShelf
  #facts: ModelFacts | null = null
  /** What was opened last. */
  #open: OpenModel | null = null
  readonly #journals = new Map<string, Journal>()
  readonly #listeners = new Set<EntryListener>()
  #topology: LabTopology | null = null
  #failures: Failures = { satellites: [], links: [] }
  #documents: Document[] = []
  #station: GroundStation | null = null
  #kvc: KvcClient | null = null
  #trial: TrialRunner | null = null
  /** Answers of `startTrial` by the trial's key, for calls that are repeated because their answer was lost. */
  readonly #starts = new Map<string, Promise<{ requestsTotal: number }>>()
  /** The trial whose prompts are being made. */
  #planning: string | null = null

  /** @param models what is needed for models of llama.cpp; null = this host has none */
  constructor(
    hostId: string,
    journalDirectory: string,
    log: Log,
    wire: Wire = plainWire,
    models: LocalModels | null = null,
  ) {
    this.#engines = new EngineShelf(models, log)
    this.#journalDirectory = journalDirectory
    this.#log = log
    this.transport = new TcpTransport(
      hostId,
      {
        onArrival: (arrival) => isForGround(arrival) && this.#station?.arrive(arrival),
        openBody: (arrival) => (isForGround(arrival) ? (this.#station?.openBody(arrival) ?? null) : null),
        onPeerConnected: (peer) => {
          this.#station?.network.setLostPlanes(this.#lostPlanes())
          this.#trial?.event('host_returned', `satellite host ${peer} is connected again`)
        },
        onPeerLost: (peer) => {
          this.#station?.network.setLostPlanes(this.#lostPlanes())
          this.#station?.hostLost(peer)
          this.#trial?.event('host_lost', `connection to satellite host ${peer} lost`)
        },
      },
      log,
      wire,
    )
  }

  configure(topology: LabTopology): void {
    this.#topology = topology
    this.transport.configure(topology)
  }

  setFailures(failures: Failures): void {
    const before = this.#failures
    this.#failures = failures
    this.#station?.network.setFailures(failures)
    for (const { name, message } of describeChanges(before, failures)) this.#trial?.event(name, message)
  }

  /** @throws SkyError `conflict` when documents before these are missing */
  loadDocuments(from: number, documents: readonly Document[]): number {
    const held = this.#documents.length
    if (from > held) {
      throw new SkyError('conflict', `documents ${held} to ${from - 1} are missing`, 'Load them all again.')
    }
    this.#documents = [...this.#documents.slice(0, from), ...documents]
    return this.#documents.length
  }

  /** Open the cache for these parameters: a fresh ground station, epoch 0. Null when the cache is off. */
  async openModel(parameters: ParameterValues): Promise<OpenModel> {
    this.#facts = null
    const engine = await this.#engines.open(parameters)
    this.#facts = engine.facts
    this.#station?.close('another trial has begun')
    this.#station = null
    this.#kvc = null
    this.#delayLine.reset(parameters.link_delay)
    if (parameters.cache === 'skymemory') {
      const network = new TrialNetwork(parameters, this.#failures, this.#lostPlanes())
      this.#station = new GroundStation(this.transport, this.#delayLine, network, (plane) =>
        this.#hostOfPlane(plane),
      )
      // A real model says itself how large its KV is.
      const kvc_bytes_per_token = engine.model.kvcBytesPerToken
      this.#kvc = new KvcClient(this.#station, { ...parameters, kvc_bytes_per_token })
    }
    const blockTokens = parameters.block_tokens
    const fetchPolicy =
      parameters.fetch === 'adaptive'
        ? new AdaptiveFetch(blockTokens, blockTokens * engine.model.kvcBytesPerToken)
        : fetchAlways
    const model = { engine, kvc: this.#kvc, blockTokens, fetchPolicy }
    this.#open = model
    return model
  }

  /** What was opened, for work outside of trials. @throws SkyError `conflict` while a trial runs, and before anything is open */
  requireModel(): OpenModel {
    if (this.trialRunning) {
      throw new SkyError('conflict', 'a trial is running on the inference host', 'Wait for its end.')
    }
    if (this.#open === null) throw new SkyError('conflict', 'no model is open')
    return this.#open
  }

  /** A trial that runs or has run in this process. */
  knows(trialKey: string): boolean {
    return this.#starts.has(trialKey)
  }

  /**
   * Begin a trial; one that this process knows is not begun again.
   * @throws SkyError `conflict` while another one runs, or when an earlier process began this one
   */
  startTrial(spec: TrialSpec): Promise<{ requestsTotal: number }> {
    const known = this.#starts.get(spec.trialKey)
    if (known !== undefined) return known
    const start = this.#start(spec)
    this.#starts.set(spec.trialKey, start)
    start.catch(() => this.#starts.delete(spec.trialKey))
    return start
  }

  async #start(spec: TrialSpec): Promise<{ requestsTotal: number }> {
    if (this.trialRunning || this.#planning !== null) {
      const other = this.#planning ?? this.#trial?.spec.trialKey
      throw new SkyError('conflict', `trial ${other} is still running`, 'Cancel it first.')
    }
    this.#planning = spec.trialKey
    try {
      return await this.#begin(spec)
    } finally {
      this.#planning = null
    }
  }

  async #begin(spec: TrialSpec): Promise<{ requestsTotal: number }> {
    if (Journal.exists(this.#journalDirectory, spec.trialKey)) {
      throw new SkyError(
        'conflict',
        `trial ${spec.trialKey} was begun before this host was started again`,
        'What it recorded is kept. Repeat the trial alone.',
      )
    }
    const { parameters } = spec
    const model = await this.openModel(parameters)
    const sessions = await this.#planSessions(spec, model.engine)
    const journal = Journal.create(this.#journalDirectory, spec.trialKey)
    this.#journals.set(spec.trialKey, journal)
    const trial = new TrialRunner(spec, model, sessions, journal, (entry) => {
      for (const listener of this.#listeners) listener(spec.trialKey, entry)
    })
    this.#trial = trial
    this.#log.info(`trial ${spec.trialKey} begins: ${trial.requestsTotal} requests`)
    void trial
      .run()
      .then(() => this.#log.info(`trial ${spec.trialKey} is over`))
      .catch((thrown: unknown) => this.#log.error(`trial ${spec.trialKey} broke: ${String(thrown)}`))
    return { requestsTotal: trial.requestsTotal }
  }

  get trialRunning(): boolean {
    const kind = this.#trial?.progress().kind
    return kind === 'running' || kind === 'paused'
  }

  get trial(): TrialRunner | null {
    return this.#trial
  }

  /** How well the links kept the light time of whole round trips, since the trial began. */
  roundTrips(): DelayTotals {
    return this.#station?.roundTrips ?? emptyTotals()
  }

  get bytesInFlight(): number {
    return this.#kvc?.bytesInFlight ?? 0
  }

  /** Of the real model that answers now, or null. */
  get model(): ModelFacts | null {
    return this.#facts
  }

  trialStatus(): TrialStatus {
    if (this.#trial === null) return { kind: 'idle' }
    const { spec, journal } = this.#trial
    return { ...this.#trial.progress(), trialKey: spec.trialKey, lastSeq: journal.lastSeq }
  }

  /** The journal of a trial of this process, or one that an earlier process left on disk. */
  journal(trialKey: string): Journal {
    const journal = this.#journals.get(trialKey) ?? Journal.reopen(this.#journalDirectory, trialKey)
    if (journal === null) {
      throw new SkyError('not_found', `there is no journal of trial ${trialKey} in ${this.#journalDirectory}`)
    }
    this.#journals.set(trialKey, journal)
    return journal
  }

  onEntry(listener: EntryListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#trial?.abort()
    this.#station?.close('the inference host is shutting down')
    void this.#engines.close()
    this.transport.close()
    for (const journal of this.#journals.values()) journal.close()
  }

  async #planSessions({ seed, parameters }: TrialSpec, engine: Engine): Promise<PromptSession[]> {
    const { beginOfText } = engine.model
    const planning = planConversations({ seed, parameters, documents: this.#documents, beginOfText })
    let step = planning.next()
    while (step.done !== true) {
      await nextTurn()
      step = planning.next(await engine.tokenise(step.value))
    }
    return step.value
  }

  #hostOfPlane(plane: number): string {
    return this.#topology?.peers.find((peer) => peer.planes.includes(plane))?.hostId ?? ''
  }

  #lostPlanes(): number[] {
    const peers = this.#topology?.peers ?? []
    return peers.filter((peer) => !this.transport.isConnected(peer.hostId)).flatMap((peer) => peer.planes)
  }
}

const nameOf = ({ slot, plane }: { slot: number; plane: number }): string => `slot ${slot}, plane ${plane}`

function describeChanges(before: Failures, after: Failures) {
  const satellites = compare(
    before.satellites.map((at) => `satellite at ${nameOf(at)}`),
    after.satellites.map((at) => `satellite at ${nameOf(at)}`),
  )
  const links = compare(
    before.links.map((link) => `link from ${nameOf(link)} to the next ${link.direction}`),
    after.links.map((link) => `link from ${nameOf(link)} to the next ${link.direction}`),
  )
  return [
    ...satellites.added.map((what) => ({ name: 'satellite_failed' as const, message: `${what} failed` })),
    ...satellites.removed.map((what) => ({
      name: 'satellite_restored' as const,
      message: `${what} restored`,
    })),
    ...links.added.map((what) => ({ name: 'link_failed' as const, message: `${what} failed` })),
    ...links.removed.map((what) => ({ name: 'link_restored' as const, message: `${what} restored` })),
  ]
}

function compare(before: readonly string[], after: readonly string[]) {
  return {
    added: after.filter((item) => !before.includes(item)),
    removed: before.filter((item) => !after.includes(item)),
  }
}
