import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { LogLine } from '#shared/contract/console-api'
import type { ProvisioningState } from '#shared/contract/provisioning-api'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import type { SshConnector } from '../../ssh/ssh-session'
import { connectorTo } from '../../testing/ssh-lab'
import { temporaryFolder } from '../../testing/folders'
import { consoleIdentity } from '../console-identity'
import { ConsoleLocks } from '../console-lock'
import type { SudoPassword } from '../host-shell'
import { LlamaPackages } from '../llama/llama-packages'
import { Provisioner } from '../provisioner'
import { RuntimeCache } from '../runtimes/runtime-cache'
import { packRuntime } from './test-registry'

/** What behaves as the Node that runs the test, and is small enough to be sent in no time. */
export const borrowedNode = `#!/bin/sh
exec ${process.execPath} "$@"
`

/** Head of an ELF program for arm64 (e_machine 183): no other machine starts it. */
const programOfAnotherMachine = Buffer.concat([
  Buffer.from('7f454c4602010100000000000000000002 00b700010000007800400000000000'.replaceAll(' ', ''), 'hex'),
  Buffer.alloc(256),
])

export interface ProvisionerUnderTest {
  readonly provisioner: Provisioner
  readonly data: string
  readonly inventory: Inventory
  readonly connector: SshConnector
  readonly log: LogLine[]
  readonly states: ProvisioningState[]
  readonly plan: (...hosts: string[]) => ReturnType<Provisioner['plan']>
  readonly apply: (...hosts: string[]) => Promise<ProvisioningState>
  readonly rollBack: (...hosts: string[]) => Promise<ProvisioningState>
  readonly remove: (...hosts: string[]) => Promise<ProvisioningState>
}

export interface ProvisionerParts {
  /** Of the agent's bundle. */
  readonly agentEntry: string
  readonly agentVersion: string
  /** Of an earlier one: the same console again. */
  readonly data?: string
  readonly lab?: string
  readonly program?: string
  /** The program within the runtime's package is not what is pinned. */
  readonly spoilProgram?: boolean
  readonly sudoPassword?: SudoPassword
  /** The installed package that runs models. */
  readonly llamaPackage?: string
  readonly connector?: (connector: SshConnector) => SshConnector
  readonly now?: () => number
}

const noPassword: SudoPassword = {
  get: () => Promise.reject(new Error('nobody knows the password for sudo')),
  refuse: () => undefined,
}

/** A console that deploys a small runtime and the given agent on these hosts. */
export async function provisionerFor(
  hosts: readonly object[],
  parts: ProvisionerParts,
): Promise<ProvisionerUnderTest> {
  const { agentEntry, agentVersion, lab = 'rack', sudoPassword = noPassword, now } = parts
  const data = parts.data ?? temporaryFolder()
  const own = packRuntime('x64', parts.program ?? borrowedNode)
  const foreign = packRuntime('arm64', programOfAnotherMachine)
  const pin = parts.spoilProgram ? { ...own.pin, programSha256: '0'.repeat(64) } : own.pin
  const runtimes = new RuntimeCache({ directory: join(data, 'runtimes'), pins: [pin, foreign.pin] })
  await runtimes.import(own.file)
  await runtimes.import(foreign.file)
  const parsed = inventory.parse({ name: lab, hosts })
  const plain = connectorTo(hosts)
  const connector = parts.connector?.(plain) ?? plain
  const log: LogLine[] = []
  const states: ProvisioningState[] = []
  const provisioner = new Provisioner({
    access: { inventory: async () => parsed, connector: () => connector },
    dataDirectory: data,
    agentEntry,
    agentVersion,
    runtimes,
    llama: new LlamaPackages({
      directory: join(data, 'llama-packages'),
      packageFolder: () => parts.llamaPackage ?? null,
    }),
    locks: new ConsoleLocks(() => consoleIdentity(data)),
    who: async () => (await consoleIdentity(data)).who,
    sudoPassword: () => sudoPassword,
    onChanged: (state) => states.push(state),
    log: (lines) => log.push(...lines),
    ...(now && { now }),
  })
  onTestFinished(() => provisioner.close())
  const some = (names: string[]) => (names.length === 0 ? null : names)
  const never = (): AbortSignal => new AbortController().signal
  return {
    provisioner,
    data,
    inventory: parsed,
    connector,
    log,
    states,
    plan: (...names) => provisioner.plan(lab, some(names), never()),
    apply: (...names) => provisioner.apply(lab, some(names), never()),
    rollBack: (...names) => provisioner.rollBack(lab, some(names), never()),
    remove: (...names) => provisioner.remove(lab, some(names), never()),
  }
}

/** The version that the agent of this checkout says it is. */
export function agentVersionHere(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
