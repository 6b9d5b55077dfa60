import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { HostPlan, LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { Emit } from '../demo-client'
import type { DemoAccess } from './demo-access'
import type { DemoClock } from './demo-clock'
import type { DemoInventories } from './demo-inventories'
import { demoVersion, planFor, serviceOf, type Installed } from './demo-plans'

type HostProgress = ProvisioningState['hosts'][number]
type Action = ProvisioningState['action']

const tickMs = 100
/** Of a slow switch, so that bars can be seen to move. */
const bytesPerTick = 1_600_000

export type Say = (source: string, level: 'info' | 'error', text: string) => void

/** Deploys made-up agents: bytes flow, steps end, hosts fail where a test says so. */
export class DemoProvisioning {
  readonly #installed = new Map<string, Installed>()
  readonly #states = new Map<string, ProvisioningState>()
  readonly #cancelled = new Set<string>()
  /** Hosts whose next apply fails, with why. */
  readonly #failing = new Map<string, ErrorBody>()
  readonly #clock: DemoClock
  readonly #emit: Emit
  readonly #say: Say
  readonly #inventories: DemoInventories
  readonly #access: DemoAccess

  constructor(clock: DemoClock, emit: Emit, say: Say, inventories: DemoInventories, access: DemoAccess) {
    this.#clock = clock
    this.#emit = emit
    this.#say = say
    this.#inventories = inventories
    this.#access = access
  }

  installed(lab: string, host: string): Installed | null {
    return this.#installed.get(`${lab}/${host}`) ?? null
  }

  install(lab: string, version = demoVersion): void {
    for (const host of this.#inventories.get(lab).hosts) {
      const service = serviceOf(host)
      this.#installed.set(`${lab}/${host.name}`, { version, previous: null, service, running: true })
    }
  }

  setRunning(lab: string, host: string, running: boolean): void {
    const now = this.installed(lab, host)
    if (now) this.#installed.set(`${lab}/${host}`, { ...now, running })
  }

  failNext(host: string, error: ErrorBody): void {
    this.#failing.set(host, error)
  }

  plan(lab: string, names: readonly string[] | null): LabPlan {
    const hosts = this.#chosen(lab, names).map((host): HostPlan => {
      try {
        this.#access.connect(lab, host.name)
        if (serviceOf(host) === 'system') this.#access.needSudo(lab, host.name)
        return planFor(lab, host, this.installed(lab, host.name))
      } catch (thrown) {
        const nothing = {
          service: null,
          directory: '',
          installedVersion: null,
          previousVersion: null,
          steps: [],
        }
        return { host: host.name, ...nothing, error: toErrorBody(thrown) }
      }
    })
    return { lab, version: demoVersion, hosts }
  }

  last(lab: string): ProvisioningState | null {
    return this.#states.get(lab) ?? null
  }

  cancel(lab: string): void {
    this.#cancelled.add(lab)
  }

  run(lab: string, action: Action, names: readonly string[] | null): Promise<ProvisioningState> {
    if (this.last(lab)?.finishedAt === null) {
      throw new SkyError('conflict', `Hosts of ${lab} are being changed already.`, 'Wait for the end.')
    }
    this.#cancelled.delete(lab)
    const hosts = this.#chosen(lab, names)
    const plans = new Map(this.plan(lab, names).hosts.map((plan) => [plan.host, plan]))
    let state: ProvisioningState = {
      lab,
      action,
      startedAt: this.#clock.now(),
      finishedAt: null,
      hosts: hosts.map((host) => begun(host, action, plans.get(host.name)!)),
    }
    const tell = (next: ProvisioningState): void => {
      state = next
      this.#states.set(lab, next)
      this.#emit('provisioningChanged', next)
    }
    tell(state)
    return new Promise((resolve) => {
      const tick = (): void => {
        const next = state.hosts.map((host) => this.#advance(lab, action, host, plans.get(host.host)!))
        const isOver = next.every(({ state: now }) => now !== 'waiting' && now !== 'running')
        tell({ ...state, hosts: next, finishedAt: isOver ? this.#clock.now() : null })
        if (isOver) resolve(state)
        else this.#clock.after(tickMs, tick)
      }
      this.#clock.after(tickMs, tick)
    })
  }

  #advance(lab: string, action: Action, host: HostProgress, plan: HostPlan): HostProgress {
    if (host.state !== 'running' && host.state !== 'waiting') return host
    if (this.#cancelled.has(lab)) return { ...host, state: 'cancelled' }
    const steps = stepsOf(action, plan)
    const step = steps[host.stepsDone]
    if (step === undefined) {
      this.#finish(lab, action, host.host)
      this.#say(host.host, 'info', host.changed ? `${action}: done` : `${action}: nothing to change`)
      return { ...host, state: 'done' }
    }
    const failure = this.#failing.get(host.host)
    if (failure && host.stepsDone >= 3) {
      this.#failing.delete(host.host)
      this.#say(host.host, 'error', `${step.title}: ${failure.message}`)
      return { ...host, state: 'failed', step: step.title, error: failure }
    }
    const before = steps.slice(0, host.stepsDone).reduce((sum, one) => sum + one.bytes, 0)
    const bytesDone = Math.min(before + step.bytes, host.bytesDone + bytesPerTick)
    const isDone = bytesDone >= before + step.bytes
    if (isDone) this.#say(host.host, 'info', `${step.title}: ${step.detail}`)
    return {
      ...host,
      state: 'running',
      step: step.title,
      bytesDone: step.bytes === 0 ? host.bytesDone : bytesDone,
      stepsDone: isDone ? host.stepsDone + 1 : host.stepsDone,
    }
  }

  #finish(lab: string, action: Action, host: string): void {
    const id = `${lab}/${host}`
    const now = this.#installed.get(id) ?? null
    if (action === 'remove') {
      this.#installed.delete(id)
    } else if (action === 'rollback' && now && now.previous !== null) {
      this.#installed.set(id, { ...now, version: now.previous, previous: now.version })
    } else if (action === 'apply' && now?.version !== demoVersion) {
      const found = this.#inventories.get(lab).hosts.find(({ name }) => name === host)!
      const previous = now?.version ?? null
      this.#installed.set(id, { version: demoVersion, previous, service: serviceOf(found), running: true })
    }
  }

  #chosen(lab: string, names: readonly string[] | null): InventoryHost[] {
    return this.#inventories.get(lab).hosts.filter(({ name }) => names?.includes(name) ?? true)
  }
}

function stepsOf(action: Action, plan: HostPlan): { title: string; detail: string; bytes: number }[] {
  if (action === 'apply') return plan.steps.filter((step) => step.action !== 'none')
  const version = plan.previousVersion ?? ''
  if (action === 'rollback') {
    return [
      { title: 'Switch', detail: `${plan.directory}/current -> versions/${version}`, bytes: 0 },
      { title: 'Start', detail: 'until it answers', bytes: 0 },
    ]
  }
  return [
    { title: 'Stop', detail: 'the service', bytes: 0 },
    { title: 'Service', detail: 'unit removed', bytes: 0 },
    { title: 'Folder', detail: `${plan.directory} removed`, bytes: 0 },
  ]
}

function begun(host: InventoryHost, action: Action, plan: HostPlan): HostProgress {
  const steps = plan.error ? [] : stepsOf(action, plan)
  const noWayBack =
    action === 'rollback' && plan.error === null && plan.previousVersion === null
      ? toErrorBody(new SkyError('not_found', `${host.name} has no version before this one.`))
      : null
  const error = plan.error ?? noWayBack
  return {
    host: host.name,
    state: error ? 'failed' : 'waiting',
    step: '',
    stepsDone: 0,
    steps: steps.length,
    bytesDone: 0,
    bytes: steps.reduce((sum, step) => sum + step.bytes, 0),
    changed: steps.length > 0,
    error,
  }
}
