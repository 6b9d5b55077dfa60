import { SkyError } from '#shared/contract/errors'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { SshConnector, SshSession } from '../ssh/ssh-session'
import { openAgentLink, openControlStream, type AgentLink } from './agent-link'
import { findInstallation, type FoundInstallation } from './find-installation'
import type { HostAccess } from './remote-host'

/** What keeps another console from using the same hosts; ends with the connection. */
export interface HeldLock {
  release(): void
}

export interface SshHostAccessOptions {
  readonly lab: string
  readonly host: InventoryHost
  readonly connector: SshConnector
  /** Of this console. */
  readonly agentVersion: string
  /** @throws SkyError `lab_held` */
  readonly hold: (session: SshSession, found: FoundInstallation) => Promise<HeldLock>
  readonly startService: (session: SshSession, found: FoundInstallation) => Promise<void>
  readonly lastLines: (session: SshSession, found: FoundInstallation) => Promise<string[]>
}

interface Open {
  readonly session: SshSession
  readonly found: FoundInstallation
  readonly lock: HeldLock
}

/** Reaches the agent of one host through SSH; the connection is kept as long as it lasts. */
export class SshHostAccess implements HostAccess {
  readonly #options: SshHostAccessOptions
  #open: Open | null = null

  constructor(options: SshHostAccessOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<AgentLink> {
    const { host, agentVersion } = this.#options
    const { session, found } = await this.#ensureOpen(signal)
    const stream = await openControlStream(session, found.layout)
    return openAgentLink(stream, { host: host.name, role: host.role, agentVersion })
  }

  async lastLines(): Promise<string[]> {
    if (!this.#open) return []
    const { session, found } = this.#open
    return this.#options.lastLines(session, found).catch(() => [])
  }

  async startService(): Promise<void> {
    if (!this.#open) return
    const { session, found } = this.#open
    await this.#options.startService(session, found)
  }

  close(): void {
    const open = this.#open
    this.#open = null
    open?.lock.release()
    open?.session.close()
  }

  async #ensureOpen(signal: AbortSignal): Promise<Open> {
    if (this.#open) return this.#open
    const { lab, host, connector, hold } = this.#options
    const session = await connector.connect(host.name, signal)
    try {
      const found = await findInstallation(session, lab)
      if (!found) {
        throw new SkyError(
          'not_installed',
          `No agent of the lab ${lab} is installed on ${host.name}`,
          `Install it: skymemory lab apply ${lab}`,
          { lab, host: host.name },
        )
      }
      const open = { session, found, lock: await hold(session, found) }
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
}
