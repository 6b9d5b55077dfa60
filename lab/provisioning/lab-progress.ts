import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { ProvisioningState } from '#shared/contract/provisioning-api'
import { isChange, type DeploymentStep } from './plan/deployment'

export type ProvisioningAction = ProvisioningState['action']
type HostProgress = ProvisioningState['hosts'][number]

/** Changes are told so far apart, ms: uploads of many hosts report many times a second. */
const tellMs = 100

/** How far some work on the hosts of a lab is. */
export class LabProgress {
  readonly #tell: (state: ProvisioningState) => void
  #state: ProvisioningState
  #timer: NodeJS.Timeout | null = null

  constructor(
    lab: string,
    action: ProvisioningAction,
    hosts: readonly string[],
    now: number,
    tell: (state: ProvisioningState) => void,
  ) {
    this.#tell = tell
    this.#state = { lab, action, startedAt: now, finishedAt: null, hosts: hosts.map(waiting) }
    tell(this.#state)
  }

  get state(): ProvisioningState {
    return this.#state
  }

  host(name: string): HostReporter {
    return new HostReporter((change) => this.#change(name, change))
  }

  finish(now: number): ProvisioningState {
    this.#state = { ...this.#state, finishedAt: now }
    this.#tellNow()
    return this.#state
  }

  #change(name: string, change: (host: HostProgress) => HostProgress): void {
    this.#state = {
      ...this.#state,
      hosts: this.#state.hosts.map((host) => (host.host === name ? change(host) : host)),
    }
    this.#timer ??= setTimeout(() => this.#tellNow(), tellMs)
  }

  #tellNow(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#tell(this.#state)
  }
}

function waiting(host: string): HostProgress {
  return {
    host,
    state: 'waiting',
    step: '',
    stepsDone: 0,
    steps: 0,
    bytesDone: 0,
    bytes: 0,
    changed: false,
    error: null,
  }
}

/** What one host reports while it is worked on. */
export class HostReporter {
  readonly #change: (change: (host: HostProgress) => HostProgress) => void
  /** Bytes of steps that are done. */
  #bytesBefore = 0

  constructor(change: (change: (host: HostProgress) => HostProgress) => void) {
    this.#change = change
  }

  /** Something without steps of a plan is done. */
  doing(step: string): void {
    this.#change((host) => ({ ...host, state: 'running', step }))
  }

  /** What has to be done is known, or known better. */
  planned(steps: readonly DeploymentStep[]): void {
    const changes = steps.filter(isChange)
    const bytes = changes.reduce((sum, step) => sum + step.bytes, 0)
    this.#change((host) => ({
      ...host,
      steps: host.stepsDone + changes.length,
      bytes: this.#bytesBefore + bytes,
    }))
  }

  stepBegins({ title }: DeploymentStep): void {
    this.#change((host) => ({ ...host, state: 'running', step: title, changed: true }))
  }

  bytes(bytes: number): void {
    this.#change((host) => ({ ...host, bytesDone: Math.min(this.#bytesBefore + bytes, host.bytes) }))
  }

  stepDone({ bytes }: DeploymentStep): void {
    this.#bytesBefore += bytes
    this.#change((host) => ({
      ...host,
      stepsDone: host.stepsDone + 1,
      bytesDone: this.#bytesBefore,
      changed: true,
    }))
  }

  done(step: string, changed: boolean): void {
    this.#change((host) => ({ ...host, state: 'done', step, changed: host.changed || changed }))
  }

  /** `changed` stays what it was: what was put in place before the failure is there. */
  failed(thrown: unknown): void {
    const error: ErrorBody = toErrorBody(thrown)
    const state = error.code === 'cancelled' ? 'cancelled' : 'failed'
    this.#change((host) => ({ ...host, state, error }))
  }
}
