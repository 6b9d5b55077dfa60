import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { ConsoleApi } from '#shared/contract/console-api'
import { toErrorBody } from '#shared/contract/errors'
import type { ProvisioningState } from '#shared/contract/provisioning-api'
import type { Client } from '#shared/contract/rpc'
import { unknownHostKey } from '#shared/contract/inventory-api'
import { parseInventory } from '#shared/inventory/parse-inventory'
import { agentBundle } from '#agent/testing/agent-process'
import { agentVersion } from '#agent/version'
import { createLabEngine, type LabEngine } from '#lab/engine'
import { localClient } from '#lab/local-client'
import { runtimesDirectory } from '#lab/provisioning/provisioner'
import { RuntimeCache, type CachedRuntime } from '#lab/provisioning/runtimes/runtime-cache'
import type { Testbed } from '#lab/testbed/testbed'
import { noTestbed, testbedForTest } from '#lab/testing/testbed'
import { median } from './measure'

/** As the paper's: five satellite hosts and one for the model. */
const hosts = 6
const rounds = 3
const labName = 'bench'

/** One way from hosts with nothing of us on them to a lab that could run an experiment, s. */
interface Round {
  readonly planS: number
  readonly applyS: number
  /** Connect to the agents, tell them of each other, until all of them are healthy. */
  readonly connectS: number
  /** Apply again while they run; it is an error if that changes anything. */
  readonly secondApplyS: number
  readonly bytesSent: number
}

export type ProvisioningReport =
  | { readonly kind: 'skipped'; readonly why: string }
  | {
      readonly kind: 'measured'
      readonly hosts: number
      /** The runtime's package came out of the console's cache: its download is not in these times. */
      readonly runtime: 'from the cache of the console'
      /** Time of that download before; null = it lay in out/ from an earlier run. */
      readonly runtimeDownloadS: number | null
      /** Sent to all hosts together. */
      readonly bytesSent: number
      /** Median of plan + apply + connect; the target is 60 s. */
      readonly bareToHealthyS: number
      /** The same after a download; null as above. */
      readonly bareToHealthyWithDownloadS: number | null
      /** Median; the target is 5 s. */
      readonly secondApplyS: number
      readonly rounds: readonly Round[]
    }

/**
 * Six hosts made of namespaces of this machine, which share its processors and its disk, are provisioned by the console's engine as a
 * user does it. Host keys are accepted before the clock starts.
 */
export async function benchProvisioning(): Promise<ProvisioningReport> {
  const missing = noTestbed()
  if (missing !== null) return { kind: 'skipped', why: missing }
  let brought: BroughtRuntime
  try {
    brought = await runtimeOfThisMachine()
  } catch (thrown) {
    return { kind: 'skipped', why: toErrorBody(thrown).message }
  }
  const testbed = await testbedForTest({ hosts })
  const data = mkdtempSync(join(tmpdir(), 'skymemory-bench-'))
  try {
    mkdirSync(runtimesDirectory(data), { recursive: true })
    copyFileSync(brought.runtime.file, join(runtimesDirectory(data), basename(brought.runtime.file)))
    const engine = await engineIn(data)
    try {
      return reportOf(brought, await measuredRounds(localClient(engine), testbed))
    } finally {
      await engine.dispose()
    }
  } finally {
    await testbed.down()
    rmSync(data, { recursive: true, force: true })
  }
}

interface BroughtRuntime {
  readonly runtime: CachedRuntime
  readonly downloadS: number | null
}

/** Kept in out/, so that it is downloaded once. @throws SkyError as `RuntimeCache.fetch` */
async function runtimeOfThisMachine(): Promise<BroughtRuntime> {
  const cache = new RuntimeCache({ directory: join(agentBundle, '..', '..', 'bench', 'runtimes') })
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
  const isThere = (await cache.look(architecture)).kind === 'present'
  const start = performance.now()
  const runtime = await cache.fetch(architecture)
  return { runtime, downloadS: isThere ? null : secondsSince(start) }
}

function engineIn(data: string): Promise<LabEngine> {
  return createLabEngine({
    dataDirectory: data,
    resultsDirectory: join(data, 'results'),
    agentEntry: agentBundle,
    llama: { elsewhere: [], manifest: join(data, 'none') },
    nodeExecutable: process.execPath,
    workerEntry: join(data, 'none'),
    figuresDirectory: join(data, 'none'),
    documentsDirectory: join(data, 'none'),
    version: agentVersion,
    gitRevision: 'bench',
  })
}

async function measuredRounds(client: Client<ConsoleApi>, testbed: Testbed): Promise<Round[]> {
  const parsed = parseInventory(readFileSync(testbed.state.inventoryFile, 'utf8'))
  if (!parsed.ok) throw new Error('the inventory of the testbed cannot be read')
  await client.call('saveInventory', { inventory: { ...parsed.inventory, name: labName }, replaces: null })
  for (const { name } of parsed.inventory.hosts) await acceptKey(client, name)
  const measured: Round[] = []
  for (let round = 0; round < rounds; round++) {
    measured.push(await oneRound(client))
    await client.call('stopLab', {})
    requireAll(await client.call('removeInstallation', { lab: labName, hosts: null }), true)
  }
  return measured
}

async function acceptKey(client: Client<ConsoleApi>, target: string): Promise<void> {
  try {
    await client.call('checkConnection', { lab: labName, host: target })
  } catch (thrown) {
    const { fingerprint } = unknownHostKey.parse(toErrorBody(thrown).details)
    await client.call('acceptHostKey', { lab: labName, target, fingerprint })
  }
}

async function oneRound(client: Client<ConsoleApi>): Promise<Round> {
  const start = performance.now()
  const plan = await client.call('plan', { lab: labName, hosts: null })
  const planS = secondsSince(start)
  const failed = plan.hosts.find(({ error }) => error !== null)
  if (failed) throw new Error(`${failed.host}: ${failed.error?.message ?? ''}`)

  const applying = performance.now()
  const applied = await client.call('apply', { lab: labName, hosts: null })
  const applyS = secondsSince(applying)
  requireAll(applied, true)

  const connecting = performance.now()
  const state = await client.call('startLab', { lab: labName, slots: 19, planes: 5 })
  const healthy =
    state.kind === 'running' ? state.hosts.filter((host) => host.state.kind === 'healthy').length : 0
  if (healthy !== hosts) throw new Error(`${healthy} of ${hosts} hosts are healthy`)
  const connectS = secondsSince(connecting)

  const again = performance.now()
  const second = await client.call('apply', { lab: labName, hosts: null })
  const secondApplyS = secondsSince(again)
  requireAll(second, false)
  const bytesSent = applied.hosts.reduce((sum, { bytesDone }) => sum + bytesDone, 0)
  return { planS, applyS, connectS, secondApplyS, bytesSent }
}

/** @param changed whether something must have been done on every host, or on none */
function requireAll({ action, hosts: all }: ProvisioningState, changed: boolean): void {
  const wrong = all.find((host) => host.error !== null || host.changed !== changed)
  if (all.length === hosts && wrong === undefined) return
  throw new Error(`${action} on ${wrong?.host ?? 'too few hosts'}: ${wrong?.error?.message ?? wrong?.step}`)
}

function reportOf({ downloadS }: BroughtRuntime, measured: readonly Round[]): ProvisioningReport {
  const bareToHealthyS = median(measured.map(({ planS, applyS, connectS }) => planS + applyS + connectS))
  return {
    kind: 'measured',
    hosts,
    runtime: 'from the cache of the console',
    runtimeDownloadS: downloadS,
    bytesSent: measured[0]?.bytesSent ?? NaN,
    bareToHealthyS,
    bareToHealthyWithDownloadS: downloadS === null ? null : bareToHealthyS + downloadS,
    secondApplyS: median(measured.map((round) => round.secondApplyS)),
    rounds: measured,
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000
}
