import { SkyError } from '#shared/contract/errors'
import type { ServiceState } from '#shared/contract/host-api'
import type { Emit } from '../demo-client'
import type { DemoAccess } from './demo-access'
import type { DemoClock } from './demo-clock'
import type { DemoInventories } from './demo-inventories'
import { directoryOf } from './demo-plans'
import type { DemoProvisioning } from './demo-provisioning'

const lineEveryMs = 700
const firstLines = [
  'skymemory-agent 0.1.0, Node 22.21.1',
  'certificate of the lab accepted, valid for 89 days',
]

/** Services of made-up hosts, and their logs. */
export class DemoServices {
  readonly #following = new Map<string, () => void>()
  readonly #clock: DemoClock
  readonly #emit: Emit
  readonly #inventories: DemoInventories
  readonly #access: DemoAccess
  readonly #provisioning: DemoProvisioning
  #lines = 0

  constructor(
    clock: DemoClock,
    emit: Emit,
    inventories: DemoInventories,
    access: DemoAccess,
    provisioning: DemoProvisioning,
  ) {
    this.#clock = clock
    this.#emit = emit
    this.#inventories = inventories
    this.#access = access
    this.#provisioning = provisioning
  }

  state(lab: string, host: string): ServiceState {
    const found = this.#access.connect(lab, host)
    const installed = this.#provisioning.installed(lab, host)
    return {
      installedVersion: installed?.version ?? null,
      previousVersion: installed?.previous ?? null,
      service: installed?.service ?? null,
      state: installed === null ? 'not_installed' : installed.running ? 'running' : 'stopped',
      pid: installed?.running ? 2_411 : null,
      nodeVersion: installed ? '22.21.1' : null,
      directory: directoryOf(lab, found),
    }
  }

  control(lab: string, host: string, action: 'start' | 'stop' | 'restart'): ServiceState {
    this.#requireInstalled(lab, host)
    this.#provisioning.setRunning(lab, host, action !== 'stop')
    this.say(lab, host, [action === 'stop' ? 'stopped' : 'listening on 0.0.0.0:7420 (TLS 1.3)'])
    return this.state(lab, host)
  }

  #requireInstalled(lab: string, host: string): void {
    if (this.state(lab, host).state !== 'not_installed') return
    throw new SkyError(
      'not_installed',
      `No agent of the lab ${lab} is installed on ${host}`,
      `Install it: skymemory lab apply ${lab}`,
    )
  }

  follow(lab: string, host: string): void {
    this.#requireInstalled(lab, host)
    const id = `${lab}/${host}`
    if (this.#following.has(id)) return
    this.say(lab, host, firstLines)
    const next = (): void => {
      this.#following.set(id, this.#clock.after(lineEveryMs, next))
      this.say(lab, host, [
        `${++this.#lines} packets forwarded: ${(this.#lines * 7919) % 4_000}/s, 19 satellites`,
      ])
    }
    this.#following.set(id, this.#clock.after(lineEveryMs, next))
  }

  unfollow(lab: string, host: string): void {
    this.#following.get(`${lab}/${host}`)?.()
    this.#following.delete(`${lab}/${host}`)
  }

  read(lab: string, host: string): string[] {
    this.#access.connect(lab, host)
    return firstLines
  }

  say(lab: string, host: string, lines: string[]): void {
    if (this.#inventories.get(lab)) this.#emit('serviceLog', { lab, host, lines })
  }
}
