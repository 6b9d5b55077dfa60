import type { Duplex } from 'node:stream'
import type { Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { ConsoleLock, ConsoleLocks } from '../provisioning/console-lock'
import type { HostShell } from '../provisioning/host-shell'
import { openHostShell } from '../provisioning/open-host-shell'
import { wasCutOffScript } from '../provisioning/remote-scripts/service-scripts'
import {
  agentEnding,
  controlService,
  serviceLog,
  type ServiceSubject,
} from '../provisioning/services/service-control'
import type { SecretSource } from '../secrets/secret'
import type { SshConnector, SshSession } from '../ssh/ssh-session'
import { openAgentLink, openControlStream, type AgentLink } from './agent-link'
import { findInstallation, type FoundInstallation } from './find-installation'
import type { Ending } from './host-state'
import type { HostAccess } from './remote-host'

export interface SshHostAccessOptions {
  readonly lab: string
  readonly host: InventoryHost
  readonly connector: SshConnector
  /** Of this console. */
  readonly agentVersion: string
  readonly secrets: SecretSource
  readonly locks: ConsoleLocks
  /** Who takes the lab away from this host in this console, or was the last to work on the lab by that; null = nobody. */
  readonly removedBy: (host: string) => Promise<string | null>
}

/** Last lines of the log of an agent that has ended, for whoever asks why. */
const shownLines = 20

interface Open {
  readonly session: SshSession
  readonly found: FoundInstallation
  readonly lock: ConsoleLock
}

/** Reaches the agent of one host through SSH; the connection is kept as long as it lasts. */
export class SshHostAccess implements HostAccess {
  readonly #options: SshHostAccessOptions
  #open: Open | null = null
  /** Nothing was found when it was last looked for. */
  #isGone = false

  constructor(options: SshHostAccessOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<AgentLink> {
    const { host, agentVersion } = this.#options
    const open = await this.#ensureOpen(signal)
    const stream = await this.#controlStream(open)
    return openAgentLink(stream, { host: host.name, role: host.role, agentVersion })
  }

  /** After a power cut systemd starts its units; a detached service has nobody but the console. */
  async #controlStream(open: Open): Promise<Duplex> {
    const { session, found } = open
    try {
      return await openControlStream(session, found.layout)
    } catch (thrown) {
      if (!(thrown instanceof SkyError) || thrown.code !== 'host_down') throw thrown
      if (found.installation.service !== 'detached') throw thrown
      const { exitCode } = await session.script(wasCutOffScript, [found.layout.directory])
      if (exitCode !== 0) throw thrown
      await this.startService()
      return openControlStream(session, found.layout)
    }
  }

  async ending({ startedAt }: Hello): Promise<Ending> {
    const open = this.#open
    if (!open) return this.#isGone ? this.#removed(null) : { kind: 'crashed', lastLines: [] }
    try {
      const shell = await this.#shell(open)
      const ending = await agentEnding(shell, this.#subject(open), startedAt)
      if (ending.kind === 'removed') return await this.#gone(open, ending.by)
      if (ending.kind !== 'crashed') return ending
      return { kind: 'crashed', lastLines: await serviceLog(shell, this.#subject(open), shownLines) }
    } catch {
      return { kind: 'crashed', lastLines: [] }
    }
  }

  /** What was known of the installation holds no more; another kind of service may have taken its place. */
  async #gone({ session }: Open, by: string | null): Promise<Ending> {
    const isReplaced = by === null && (await findInstallation(session, this.#options.lab)) !== null
    await this.close()
    return isReplaced ? { kind: 'update', by } : this.#removed(by)
  }

  async #removed(by: string | null): Promise<Ending> {
    this.#isGone = true
    return { kind: 'removed', by: by ?? (await this.#options.removedBy(this.#options.host.name)) }
  }

  async startService(): Promise<void> {
    if (!this.#open && this.#isGone) throw this.#notInstalled()
    if (!this.#open) return
    await controlService(await this.#shell(this.#open), this.#subject(this.#open), 'start')
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.lock.release()
    open?.session.close()
  }

  async #ensureOpen(signal: AbortSignal): Promise<Open> {
    if (this.#open) return this.#open
    const { lab, host, connector, locks } = this.#options
    const session = await connector.connect(host.name, signal)
    try {
      const found = await findInstallation(session, lab)
      this.#isGone = found === null
      if (!found) throw this.#notInstalled()
      const lock = await locks.hold({
        lab,
        host: host.name,
        file: found.layout.consoleLock,
        start: (script, args) => session.start(['sh', '-c', script, 'sh', ...args]),
      })
      const open = { session, found, lock }
      this.#open = open
      session.onLost(() => {
        if (this.#open === open) this.#open = null
        session.close()
      })
      return open
    } catch (thrown) {
      session.close()
      throw thrown
    }
  }

  #notInstalled(): SkyError {
    const { lab, host } = this.#options
    return new SkyError(
      'not_installed',
      `No agent of the lab ${lab} is installed on ${host.name}`,
      `Install it: skymemory lab apply ${lab}`,
      { lab, host: host.name },
    )
  }

  #shell({ session }: Open): Promise<HostShell> {
    return openHostShell(session, this.#options.lab, this.#options.secrets)
  }

  #subject({ found: { installation, layout } }: Open): ServiceSubject {
    return { lab: this.#options.lab, service: installation.service, layout }
  }
}
