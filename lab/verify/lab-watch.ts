import { SkyError } from '#shared/contract/errors'
import type { LabHost } from '#shared/contract/console-api'
import { endedHow } from '../hosts/ended-how'
import type { LabChange, LabHosts } from '../hosts/lab-hosts'

/** A host may be silent for so long, as while a large model is read from a slow disk, ms. */
const silenceLimitMs = 20_000

/**
 * Tells when the hosts of a lab are not those that they were: what a lost host has lost must not be taken for a defect of the model, and
 * a call that was made again over a new connection may have been carried out twice.
 */
export class LabWatch {
  readonly #lab: LabHosts
  readonly #disturbed = new AbortController()
  readonly #processes = new Map<string, number>()
  /** Who is restarted on purpose. */
  #spared: string | null = null
  readonly #stop: () => void

  constructor(lab: LabHosts) {
    this.#lab = lab
    this.#remember()
    this.#stop = lab.onChange((change) => this.#heard(change))
  }

  /** Aborted with the reason, a SkyError, as soon as a host is lost. */
  get signal(): AbortSignal {
    return this.#disturbed.signal
  }

  /** Ask every host. @throws SkyError `host_down`, `unreachable`, `connection_lost`: what has become of one */
  async check(): Promise<void> {
    // A round that has begun before may have passed over those that were just lost.
    await this.#lab.poll()
    await this.#lab.poll()
    this.signal.throwIfAborted()
    const lost = this.#lab.hosts().find((host) => !this.#isAsBefore(host))
    if (lost) throw lossOf(lost)
  }

  /** Do something in which this host becomes another process. */
  async sparing(hostId: string, work: () => Promise<void>): Promise<void> {
    this.#spared = hostId
    try {
      await work()
    } finally {
      this.#spared = null
    }
    this.#remember()
  }

  stop(): void {
    this.#stop()
  }

  #remember(): void {
    for (const { hostId, state } of this.#lab.hosts()) {
      if (state.kind === 'healthy') this.#processes.set(hostId, state.pid)
    }
  }

  #isAsBefore({ hostId, state }: LabHost): boolean {
    return state.kind === 'healthy' && state.pid === this.#processes.get(hostId)
  }

  #heard(change: LabChange): void {
    if (change.kind === 'log' || change.host.hostId === this.#spared) return
    const { host } = change
    const { state } = host
    const isSilent = state.kind === 'unreachable' && Date.now() - state.since > silenceLimitMs
    if (change.kind === 'lost' || isSilent) this.#disturbed.abort(lossOf(host))
    else if (change.kind === 'reconnected') {
      const message = `The connection to ${host.hostId} was lost for a moment`
      this.#disturbed.abort(new SkyError('connection_lost', message, 'Begin again.', { hostId: host.hostId }))
    }
  }
}

function lossOf(host: LabHost): SkyError {
  const { hostId, state } = host
  const details = { hostId }
  const hint = `Look at ${hostId}, then begin again.`
  switch (state.kind) {
    case 'healthy':
      return new SkyError('host_down', `${hostId} was started again`, hint, details)
    case 'unreachable':
      return new SkyError('unreachable', `${hostId} cannot be reached: ${state.reason}`, hint, details)
    case 'starting':
    case 'stopped':
      return new SkyError('host_down', `The agent of ${hostId} does not run`, hint, details)
    case 'crashed':
    case 'stopped_by_hand':
    case 'removed':
    case 'restarting':
      return new SkyError('host_down', `${hostId} ${endedHow(host)}`, hint, details)
  }
}
