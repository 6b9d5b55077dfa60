import { spawn, type ChildProcess } from 'node:child_process'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import packageJson from '../../package.json'
import { SkyError } from '#shared/contract/errors'
import type { InventoryHost } from '#shared/inventory/inventory'
import { openAgentLink, type AgentLink } from '../remote/agent-link'
import type { Ending } from '../remote/host-state'
import type { HostAccess } from '../remote/remote-host'
import { temporaryFolder } from './folders'

/**
 * Agents that do not end with their console, reached by connections that can be cut: what SSH hosts are to the engine,
 * without SSH.
 */
export class FarAgents {
  readonly #agentEntry: string
  readonly #folder = temporaryFolder()
  readonly #processes = new Map<string, ChildProcess>()
  readonly #sockets = new Map<string, Set<Socket>>()
  readonly #cut = new Set<string>()
  /** How hosts say that their agents ended. */
  ending: Ending = { kind: 'crashed', lastLines: [] }
  /** Ports of the data connections, by host. */
  readonly #ports: ReadonlyMap<string, number>

  constructor(agentEntry: string, ports: ReadonlyMap<string, number>) {
    this.#agentEntry = agentEntry
    this.#ports = ports
    onTestFinished(() => {
      for (const hostId of [...this.#processes.keys()]) this.kill(hostId)
    })
  }

  accessTo = ({ name, role }: InventoryHost): HostAccess => ({
    open: (signal) => this.#open(name, role, signal),
    ending: () => Promise.resolve(this.ending),
    startService: () => this.#start(name, role),
    close: () => Promise.resolve(this.#endConnections(name)),
  })

  /** Break the connections to this host, and let no new one through. */
  cut(hostId: string): void {
    this.#cut.add(hostId)
    this.#endConnections(hostId)
  }

  restore(hostId: string): void {
    this.#cut.delete(hostId)
  }

  kill(hostId: string): void {
    this.#processes.get(hostId)?.kill('SIGKILL')
    this.#processes.delete(hostId)
  }

  /** End the agent and start another one, as its service does after a crash. */
  async replace(hostId: string, role: InventoryHost['role']): Promise<void> {
    this.kill(hostId)
    await this.#start(hostId, role)
  }

  async #open(hostId: string, role: InventoryHost['role'], signal: AbortSignal): Promise<AgentLink> {
    if (this.#cut.has(hostId)) throw new SkyError('unreachable', `no route to ${hostId}`)
    signal.throwIfAborted()
    const socket = createConnection(this.#socketPath(hostId))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', () => reject(new SkyError('host_down', `the agent of ${hostId} does not run`)))
    })
    socket.on('error', () => undefined)
    const open = this.#sockets.get(hostId) ?? new Set()
    this.#sockets.set(hostId, open.add(socket))
    return openAgentLink(socket, { host: hostId, role, agentVersion: packageJson.version })
  }

  async #start(hostId: string, role: InventoryHost['role']): Promise<void> {
    if (this.#processes.has(hostId)) return
    const args =
      role === 'satellite'
        ? ['--port', String(this.#ports.get(hostId) ?? 0)]
        : ['--journal-directory', join(this.#folder, 'journals')]
    const control = this.#socketPath(hostId)
    const child = spawn(
      process.execPath,
      [this.#agentEntry, role, '--host-id', hostId, '--control', control, ...args],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    this.#processes.set(hostId, child)
    child.once('exit', () => {
      if (this.#processes.get(hostId) === child) this.#processes.delete(hostId)
    })
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    await sleep(0)
  }

  #endConnections(hostId: string): void {
    for (const socket of this.#sockets.get(hostId) ?? []) socket.destroy()
    this.#sockets.delete(hostId)
  }

  #socketPath(hostId: string): string {
    return join(this.#folder, `${hostId}.sock`)
  }
}
