import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LogLine } from '#shared/contract/console-api'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { HostPlan, LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'
import type { Inventory, InventoryHost } from '#shared/inventory/inventory'
import type { LabAccess } from '../inventory/lab-access'
import type { LocalProgram } from './apply/host-job'
import { labAuthority, presentAuthority, type LabAuthority } from './certificates/authority'
import type { ConsoleLocks } from './console-lock'
import { inParallel } from '../in-parallel'
import type { SudoPassword } from './host-shell'
import { applyOneHost, planOneHost, removeFromOneHost, rollBackOneHost, type LabWork } from './host-work'
import { LabProgress, type HostReporter, type ProvisioningAction } from './lab-progress'
import type { LlamaPackages } from './llama/llama-packages'
import { runsModels } from './plan/model-choice'
import type { RuntimeCache } from './runtimes/runtime-cache'

export interface ProvisionerOptions {
  readonly access: LabAccess
  readonly dataDirectory: string
  /** The agent's bundle, and its version. */
  readonly agentEntry: string
  readonly agentVersion: string
  readonly runtimes: RuntimeCache
  readonly llama: LlamaPackages
  readonly locks: ConsoleLocks
  /** Who uses this console, such as ada@laptop. */
  readonly who: () => Promise<string>
  readonly sudoPassword: (lab: string, host: string) => SudoPassword
  readonly onChanged: (state: ProvisioningState) => void
  readonly log: (lines: readonly LogLine[]) => void
  readonly now?: () => number
}

/** Hosts that are worked on at the same time: each takes a connection and a part of the uplink. */
const hostsAtOnce = 16

type Work = (work: LabWork, host: InventoryHost, reporter: HostReporter) => Promise<void>

interface Active {
  readonly ending: AbortController
  readonly done: Promise<unknown>
}

/** Deploys agents on the hosts of labs, and takes them away again. One thing at a time in each lab. */
export class Provisioner {
  readonly #options: ProvisionerOptions
  readonly #now: () => number
  readonly #active = new Map<string, Active>()
  readonly #states = new Map<string, ProvisioningState>()

  constructor(options: ProvisionerOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** What would change; nothing is changed. A host that cannot be planned for says why. */
  async plan(lab: string, hosts: readonly string[] | null, signal: AbortSignal): Promise<LabPlan> {
    const { inventory, work } = await this.#workOn(lab, signal)
    const plans = await inParallel(chosen(inventory, hosts), hostsAtOnce, (host) =>
      planOneHost(work, host).catch((thrown: unknown) => unplanned(host, thrown)),
    )
    return { lab, version: `${work.agent.version} (SHA-256 ${work.agent.sha256.slice(0, 12)})`, hosts: plans }
  }

  apply(lab: string, hosts: readonly string[] | null, signal: AbortSignal): Promise<ProvisioningState> {
    return this.#run('apply', lab, hosts, signal, async (work, host, reporter) => {
      const what = await applyOneHost(work, host, reporter)
      reporter.done(what, false)
    })
  }

  rollBack(lab: string, hosts: readonly string[] | null, signal: AbortSignal): Promise<ProvisioningState> {
    return this.#run('rollback', lab, hosts, signal, async (work, host, reporter) => {
      const version = await rollBackOneHost(work, host, reporter)
      reporter.done(version, true)
    })
  }

  remove(lab: string, hosts: readonly string[] | null, signal: AbortSignal): Promise<ProvisioningState> {
    return this.#run('remove', lab, hosts, signal, async (work, host, reporter) => {
      const removed = await removeFromOneHost(work, host, reporter)
      reporter.done(removed ? 'removed' : 'nothing was there', removed)
    })
  }

  /** What goes on in a lab or went on last, or null. */
  state(lab: string): ProvisioningState | null {
    return this.#states.get(lab) ?? null
  }

  isActive(lab: string): boolean {
    return this.#active.has(lab)
  }

  /** Hosts stop before their next step; what was begun and cannot be left half is finished. Resolves when all have stopped. */
  async cancel(lab: string): Promise<void> {
    const active = this.#active.get(lab)
    active?.ending.abort()
    await active?.done
  }

  async close(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((lab) => this.cancel(lab)))
  }

  async #run(
    action: ProvisioningAction,
    lab: string,
    hosts: readonly string[] | null,
    signal: AbortSignal,
    work: Work,
  ): Promise<ProvisioningState> {
    const going = this.#states.get(lab)
    if (this.#active.has(lab)) {
      throw new SkyError(
        'conflict',
        `The lab ${lab} is worked on already: ${going?.action ?? action}`,
        'Wait for its end, or cancel it.',
      )
    }
    const ending = new AbortController()
    const stop = (): void => ending.abort()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    const running = this.#runOn(action, lab, hosts, ending.signal, work).finally(() => {
      signal.removeEventListener('abort', stop)
      this.#active.delete(lab)
    })
    this.#active.set(lab, { ending, done: running.catch(() => undefined) })
    return running
  }

  async #runOn(
    action: ProvisioningAction,
    lab: string,
    hosts: readonly string[] | null,
    signal: AbortSignal,
    work: Work,
  ): Promise<ProvisioningState> {
    const { inventory, work: labWork } = await this.#workOn(lab, signal)
    const selected = chosen(inventory, hosts)
    const names = selected.map(({ name }) => name)
    const progress = new LabProgress(lab, action, names, this.#now(), (state) => {
      this.#states.set(lab, state)
      this.#options.onChanged(state)
    })
    await inParallel(selected, hostsAtOnce, async (host) => {
      const reporter = progress.host(host.name)
      reporter.doing('connect')
      try {
        await work(labWork, host, reporter)
      } catch (thrown) {
        reporter.failed(thrown)
        const { code, message, hint } = toErrorBody(thrown)
        labWork.log(
          host.name,
          code === 'cancelled' ? 'warn' : 'error',
          hint === '' ? message : `${message}. ${hint}`,
        )
      }
    })
    return progress.finish(this.#now())
  }

  async #workOn(lab: string, signal: AbortSignal): Promise<{ inventory: Inventory; work: LabWork }> {
    const { access, dataDirectory, runtimes, llama, locks, who, sudoPassword, log } = this.#options
    const inventory = await access.inventory(lab)
    const { agentEntry, agentVersion } = this.#options
    const agent = { ...(await programFile(agentEntry)), version: agentVersion }
    // Built beside the agent, and looked for there by it.
    const model = inventory.hosts.some(runsModels)
      ? await programFile(join(dirname(agentEntry), 'skymemory-model.mjs'))
      : null
    const date = (): Date => new Date(this.#now())
    let authority: Promise<LabAuthority> | null = null
    const work: LabWork = {
      lab,
      connector: access.connector(lab),
      locks,
      sudoPassword: (host) => sudoPassword(lab, host),
      wanted: {
        lab,
        hosts: inventory.hosts.map(({ name }) => name),
        agent,
        model,
        authority: await presentAuthority(dataDirectory, lab, date()),
        pins: runtimes.pins,
        now: date(),
      },
      agent,
      model,
      llama,
      // Hosts that ask at the same time must get the same one.
      authority: () => (authority ??= labAuthority(dataDirectory, lab, date)),
      runtimes,
      log: (source, level, text) => log([{ at: this.#now(), source, level, text }]),
      now: this.#now,
      signal,
      by: await who(),
    }
    return { inventory, work }
  }
}

/** @throws SkyError `not_found` */
async function programFile(file: string): Promise<LocalProgram> {
  try {
    const content = await readFile(file)
    return { file, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError(
      'not_found',
      `The agent's program ${file} cannot be read: ${reason}`,
      'Build it: npm run build',
    )
  }
}

/** The cache of runtimes in a data directory. */
export function runtimesDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'runtimes')
}

/** The packages for hosts that run models. */
export function llamaPackagesDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'llama-packages')
}

/** @throws SkyError `not_found` for a name that no host of the lab has */
function chosen(inventory: Inventory, names: readonly string[] | null): InventoryHost[] {
  const unknown = names?.find((name) => !inventory.hosts.some((host) => host.name === name))
  if (unknown !== undefined) {
    const all = inventory.hosts.map(({ name }) => name).join(', ')
    throw new SkyError('not_found', `The lab ${inventory.name} has no host ${unknown}`, `It has: ${all}.`)
  }
  return inventory.hosts.filter(({ name }) => names === null || names.includes(name))
}

function unplanned(host: InventoryHost, thrown: unknown): HostPlan {
  return {
    host: host.name,
    service: null,
    directory: '',
    installedVersion: null,
    previousVersion: null,
    steps: [],
    error: toErrorBody(thrown),
  }
}
