import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { giveToCaller, makeKey, makePassword, makeTestbedFolder, passwordHash } from './credentials'
import { answers, bootHost, endHost, inHost, initPid } from './host-process'
import { hostFolder, makeHostRoot } from './host-root'
import { inventoryText, testbedInventory } from './inventory'
import { clashWith, makeNetwork, pluggedHosts, refuseClash, setLink, usedNetworks } from './network'
import { claimFreeNetwork, claimNetwork, claimOf, hasSpaces } from './registry'
import { systemdMissing, testbedMissing } from './requirements'
import { runProgram, type ProgramResult } from './run-program'
import { readState, writeState, type SpacesState } from './state'
import { tearDown } from './tear-down'
import {
  defaultDirectory,
  defaultNetwork,
  freeNetwork,
  planTestbed,
  testbedUser,
  type PlannedHost,
  type TestbedOptions,
} from './testbed-plan'
import { watchOver } from './watchdog'

export const sshPort = 22

export interface HostStatus {
  readonly name: string
  readonly address: string
  readonly port: number
  /** `off`: its processes have ended; `no_ssh`: it runs, its SSH server does not; `cut`: it runs, its cable is pulled. */
  readonly state: 'running' | 'off' | 'no_ssh' | 'cut'
}

export interface ExecOptions {
  /** root unless told otherwise. */
  readonly user?: string
  readonly stdin?: string | Uint8Array
}

/** Hosts on this machine that are as real as namespaces can make them: each with a kernel view, files and an SSH server of its own. */
export class Testbed {
  readonly state: SpacesState
  #unwatch: (() => void) | null

  constructor(state: SpacesState, unwatch: (() => void) | null = null) {
    this.state = state
    this.#unwatch = unwatch
  }

  get hosts(): readonly PlannedHost[] {
    return this.state.plan.hosts
  }

  /** @throws SkyError `not_found` */
  host(name: string): PlannedHost {
    const found = this.hosts.find((each) => each.name === name)
    if (found) return found
    throw new SkyError('not_found', `The testbed has no host ${name}`)
  }

  /** Where a file of a host lies on this machine. Not for /tmp, /run, /dev, /proc and /usr, which are mounted in the host alone. */
  fileOf(name: string, path: string): string {
    return join(hostFolder(this.state.directory, this.host(name).name), 'root', path)
  }

  /** Where a file below the host's /usr/local lies on this machine: for programs that a test gives it. */
  localFileOf(name: string, path: string): string {
    return join(hostFolder(this.state.directory, this.host(name).name), 'local', path)
  }

  /** Run a program on a host without SSH. @throws SkyError `host_down` */
  async exec(name: string, argv: readonly string[], options: ExecOptions = {}): Promise<ProgramResult> {
    const [program, args] = inHost(this.pidOf(name), options.user ?? 'root', argv)
    return runProgram(program, args, options.stdin ?? '')
  }

  /** The first process of a host, as this machine numbers it. @throws SkyError `host_down` */
  pidOf(name: string): number {
    const pid = initPid(this.state.plan, this.host(name))
    if (pid === null) throw new SkyError('host_down', `The host ${name} of the testbed is off`)
    return pid
  }

  /** Pull the cable of a host: what is sent meanwhile is lost, and connections notice by silence alone. */
  cutLink(name: string): Promise<void> {
    return setLink(this.state.plan, this.host(name), 'down')
  }

  restoreLink(name: string): Promise<void> {
    return setLink(this.state.plan, this.host(name), 'up')
  }

  /** Cut the power of a host: every process ends at once, nobody is told. It stays off until `boot`. */
  async kill(name: string): Promise<void> {
    await this.cutLink(name)
    await endHost(this.host(name))
  }

  /** Switch a host on, with the files that it had; /tmp and /run are empty. */
  async boot(name: string): Promise<void> {
    await this.restoreLink(name)
    await bootHost(this.state.plan, this.host(name))
  }

  /** Restart a host: connections are reset, and it comes back with the files that it had; /tmp and /run are empty. */
  async reboot(name: string): Promise<void> {
    await endHost(this.host(name))
    await this.boot(name)
  }

  /** End the SSH server of a host and all its connections. */
  async stopSshd(name: string): Promise<void> {
    await this.#mustExec(name, stopSshdScript)
  }

  async startSshd(name: string): Promise<void> {
    await this.#mustExec(name, startSshdScript)
    const { address } = this.host(name)
    while (!(await answers(address))) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** End all SSH connections of a host; its server goes on. */
  async dropConnections(name: string): Promise<void> {
    await this.#mustExec(name, dropConnectionsScript)
  }

  /** Leave no room on the disk of a host that has one of its own. */
  async fillDisk(name: string): Promise<void> {
    if (this.host(name).options.diskMegabytes === null) {
      throw new SkyError('invalid_argument', `${name} has no disk of its own`, 'Give it diskMegabytes.')
    }
    const file = await open(this.fileOf(name, 'var/ballast'), 'a')
    try {
      for (;;) await file.write(Buffer.alloc(4_096))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown
    } finally {
      await file.close()
    }
  }

  /** Remove what filled it. */
  async clearDisk(name: string): Promise<void> {
    await rm(this.fileOf(name, 'var/ballast'), { force: true })
  }

  async status(): Promise<HostStatus[]> {
    const { plan } = this.state
    const plugged = hasSpaces(plan.prefix) ? await pluggedHosts(plan) : new Set<string>()
    return Promise.all(
      plan.hosts.map(async (host): Promise<HostStatus> => {
        const { name, address } = host
        const base = { name, address, port: sshPort }
        if (initPid(plan, host) === null) return { ...base, state: 'off' }
        if (!plugged.has(name)) return { ...base, state: 'cut' }
        return { ...base, state: (await answers(address)) ? 'running' : 'no_ssh' }
      }),
    )
  }

  /** Switch on what is off, plug in what is cut, start SSH servers that were stopped. Returns the names of those hosts. */
  async repair(): Promise<string[]> {
    const broken = (await this.status()).filter(({ state }) => state !== 'running')
    for (const { name, state } of broken) {
      if (state === 'off') {
        await endHost(this.host(name))
        await this.boot(name)
        continue
      }
      await this.restoreLink(name)
      if (!(await answers(this.host(name).address))) await this.startSshd(name)
    }
    return broken.map(({ name }) => name)
  }

  /** End everything and take it away. */
  async down(): Promise<void> {
    await tearDown(this.state.plan.prefix, this.state.directory)
    this.#unwatch?.()
    this.#unwatch = null
  }

  async #mustExec(name: string, script: string): Promise<void> {
    const { code, stderr } = await this.exec(name, ['sh', '-c', script])
    if (code !== 0) throw new SkyError('internal', `${name}: ${stderr.trim() || `exit code ${code}`}`)
  }
}

const sessions = `for pid in $(pgrep '^sshd'); do
  [ "$pid" = "$(cat /run/sshd.pid 2>/dev/null)" ] || kill -9 "$pid" 2>/dev/null || :
done`
const dropConnectionsScript = sessions
const stopSshdScript = `if [ -d /run/systemd/system ]; then systemctl stop ssh; else kill "$(cat /run/sshd.pid)"; fi
while pgrep '^sshd' > /dev/null; do pkill -9 '^sshd' || :; sleep 0.02; done`
const startSshdScript = `if [ -d /run/systemd/system ]; then systemctl start ssh
else setsid /usr/sbin/sshd -E /var/log/sshd.log < /dev/null > /dev/null 2>&1; fi`

/**
 * Make a testbed and wait until every host answers. What a broken attempt left is taken away first, and what a failure makes half.
 * @throws SkyError `not_supported` (no root, no namespaces), `conflict` (it runs, or its network is used), `invalid_argument`
 */
export async function createTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const asked = planTestbed(
    options.network === freeNetwork ? { ...options, network: defaultNetwork } : options,
  )
  const missing =
    testbedMissing() ?? (asked.hosts.some((host) => host.options.systemd) ? systemdMissing() : null)
  if (missing) throw missing
  const { prefix, directory } = asked
  const present = await findTestbed(prefix, directory)
  if (present?.state.complete) {
    const hint = `Use it, or end it first: skymemory testbed down --prefix ${prefix}`
    throw new SkyError(
      'conflict',
      `A testbed with the prefix ${prefix} exists already in ${present.state.directory}`,
      hint,
    )
  }
  await tearDown(prefix, present?.state.directory ?? directory)
  const network = await takeNetwork(prefix, directory, options.network === freeNetwork ? null : asked.network)
  const plan = planTestbed({ ...options, network })
  const unwatch = options.endWithProcess ? watchOver(prefix, directory) : null
  try {
    await makeTestbedFolder(directory)
    const { keyFile, publicKey } = await makeKey(directory)
    const password = makePassword()
    const inventoryFile = join(directory, 'inventory.yaml')
    const state: SpacesState = {
      kind: 'namespaces',
      directory,
      createdAt: Date.now(),
      user: testbedUser,
      keyFile,
      inventoryFile,
      complete: false,
      password,
      plan,
    }
    await writeState(state)
    const credentials = { publicKey, passwordHash: await passwordHash(password) }
    await Promise.all(plan.hosts.map((host) => makeHostRoot(plan, host, credentials)))
    await makeNetwork(plan)
    await Promise.all(plan.hosts.map((host) => bootHost(plan, host)))
    const entries = plan.hosts.map(({ name, role, address }) => ({ name, role, address, port: sshPort }))
    await writeFile(inventoryFile, inventoryText(testbedInventory('testbed', testbedUser, keyFile, entries)))
    await writeState({ ...state, complete: true })
    await giveToCaller([keyFile, `${keyFile}.pub`, inventoryFile, join(directory, 'state.json')])
    return new Testbed({ ...state, complete: true }, unwatch)
  } catch (thrown) {
    await tearDown(prefix, directory).catch(() => undefined)
    unwatch?.()
    throw thrown
  }
}

/** Take this network for a testbed, or one that is free. @throws SkyError `conflict` */
async function takeNetwork(prefix: string, directory: string, wanted: string | null): Promise<string> {
  const used = await usedNetworks()
  if (wanted === null) {
    return claimFreeNetwork(prefix, directory, (network) => clashWith(network, used) !== null)
  }
  refuseClash(wanted, used)
  const holder = await claimNetwork({ prefix, network: wanted, directory })
  if (!holder) return wanted
  const message = `The network ${wanted} belongs to the testbed ${holder.prefix}`
  throw new SkyError('conflict', message, 'Choose another /24 with --network, such as 10.78.0.0/24.')
}

/** The testbed of this prefix, whatever state it is in, or null. */
export async function findTestbed(prefix: string, directory?: string): Promise<Testbed | null> {
  const folder = (await claimOf(prefix))?.directory ?? directory ?? defaultDirectory(prefix)
  const state = await readState(folder)
  return state?.kind === 'namespaces' && state.plan.prefix === prefix ? new Testbed(state) : null
}
