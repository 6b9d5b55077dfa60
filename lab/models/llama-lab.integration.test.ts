import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunDetail } from '#shared/contract/console-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { ServiceKind } from '#shared/inventory/inventory'
import type { HostLayout } from '../provisioning/host-layout'
import { layoutOf, onHost, traceOf } from '../provisioning/testing/testbed-hosts'
import { systemdMissing } from '../testbed/requirements'
import type { Testbed } from '../testbed/testbed'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { llamaMissing } from './testing/llama-package'
import { modelConsole } from './testing/model-console'
import { starve, starvingMissing } from './testing/starve'
import { tinyModelFile } from './testing/tiny-model-file'

/** The engine llama on the inference host of a lab behind SSH: from a bare host to CSV files, and away again. */

const missing = noTestbed() ?? llamaMissing
if (missing) console.warn(`The engine llama on hosts is not tested: ${missing}`)
if (starvingMissing) console.warn(starvingMissing)
const noSystemd = missing ?? systemdMissing()?.message ?? null

const soon = { timeout: 120_000, interval: 200 }

const experiment = (model: string): string => `name: Real model
lab: rack
seed: 3
parameters: { engine: llama, model: ${model}, context_tokens: 1024, threads: 2, slots: 4, planes: 2, centre_slot: 1,
  centre_plane: 0, los_slots: 1, los_planes: 1, servers: 3, sessions: 2, turns: 2, block_tokens: 32, chunk_bytes: 4096,
  document_count: 1, document_tokens: 200, output_tokens: 4 }
factors: { cache: [off, skymemory] }
`

let agentEntry = ''
let model = ''
if (!missing) {
  agentEntry = (await bundleFor({ cli: false })).agent
  model = await tinyModelFile()
}

async function aConsole(testbed: Testbed, parts: { isInstalled?: boolean } = {}) {
  const console = await modelConsole(testbed, { agentEntry, ...parts })
  const { client } = console
  const run = async (name: string): Promise<RunDetail> => {
    const { runId } = await client.call('startRun', { yaml: experiment(name) })
    await expect.poll(async () => (await client.call('run', { runId })).state.kind, soon).toBe('finished')
    return client.call('run', { runId })
  }
  return { ...console, run }
}

const parameters: ParameterValues = {
  ...defaultParameters,
  slots: 4,
  planes: 2,
  centre_slot: 1,
  centre_plane: 0,
  los_slots: 1,
  los_planes: 1,
  servers: 3,
  engine: 'llama',
  model: 'tiny',
  block_tokens: 32,
  context_tokens: 2_048,
  threads: 1,
}
const question = { chatId: 'mine', maxTokens: 8, temperature: 0, topP: 1, seed: 1, useCache: true }

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Everything of this program on a host, also where others leave things all the time. */
async function traces(testbed: Testbed, host: string): Promise<string[]> {
  const memory = await onHost(testbed, host, 'find', '/dev/shm', '/tmp', '-name', '*skymemory*')
  return [...(await traceOf(testbed, host)), ...memory.split('\n').filter((line) => line !== '')]
}

/** The agent; a supervisor, which was started before it, has another command line. */
async function pidOfAgent(testbed: Testbed, { config }: HostLayout): Promise<string> {
  const pids = await onHost(testbed, 'jetson', 'pgrep', '-f', `skymemory-agent.mjs --config ${config}`)
  return pids.trim().split('\n').at(-1) ?? ''
}

/** From bare hosts to files of results, and away again. */
async function wholeWay(testbed: Testbed, service: ServiceKind): Promise<void> {
  const layout = layoutOf(service)
  const before = await traces(testbed, 'jetson')
  const { client, data, all, run } = await aConsole(testbed)
  const planned = await client.call('plan', all)
  const [nuc1, jetson] = planned.hosts
  expect([nuc1?.error, jetson?.error, jetson?.service]).toEqual([null, null, service])
  expect(nuc1?.steps.map(({ id }) => id)).not.toContain('llama')
  const step = jetson?.steps.find(({ id }) => id === 'llama')
  expect(step).toMatchObject({
    action: 'create',
    detail: expect.stringMatching(/\/rack\/llama\/llama-x64-[0-9a-f]{16}, \d\d\.\d MB unpacked$/) as string,
  })
  const archives = readdirSync(join(data, 'llama-packages'))
  expect(archives).toHaveLength(1)
  expect(step?.bytes).toBe(statSync(join(data, 'llama-packages', archives[0] ?? '')).size)
  expect(await traces(testbed, 'jetson')).toEqual(before)

  const applied = await client.call('apply', all)
  expect(applied.hosts.map(({ state, error }) => [state, error])).toEqual(
    testbed.hosts.map(() => ['done', null]),
  )
  const again = await client.call('apply', all)
  expect(again.hosts.map(({ state, changed }) => [state, changed])).toEqual(
    testbed.hosts.map(() => ['done', false]),
  )

  await client.call('startLab', { lab: 'rack', slots: 4, planes: 2 })
  const unknown = await run('nobody')
  expect(unknown.trials[0]?.state).toMatchObject({
    kind: 'failed',
    error: {
      message: expect.stringContaining('no model "nobody"') as string,
      hint: expect.stringContaining('skymemory model add FILE --name nobody') as string,
    },
  })

  const sent = await client.call('sendModel', { lab: 'rack', host: null, file: model, name: 'tiny' })
  expect(sent).toMatchObject({ path: `${layout.models}/tiny.gguf`, problems: [] })
  const { runId, state, trials } = await run('tiny')
  expect(trials.map((trial) => trial.state)).toMatchObject([{ kind: 'completed' }, { kind: 'completed' }])
  expect(state).toMatchObject({ failedTrials: 0 })
  const [cold, warm] = trials
  expect(cold?.summary).toMatchObject({ requests: 4, failed_requests: 0, block_hit_rate: 0 })
  expect(warm?.summary).toMatchObject({ requests: 4, failed_requests: 0 })
  expect(warm?.summary?.['block_hit_rate']).toBeGreaterThan(0.4)
  const { directory } = await client.call('exportRun', { runId, directory: join(data, 'results') })
  const rows = parse<Record<string, string>>(readFileSync(join(directory, 'trials.csv')), { columns: true })
  expect(
    rows.map(({ engine, model: name, lab, kvc_bytes_per_token: bytes }) => [engine, name, lab, bytes]),
  ).toEqual([
    // Without a cache the size of the KV has no meaning.
    ['llama', 'tiny', 'rack', ''],
    ['llama', 'tiny', 'rack', '512'],
  ])
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
    trials: { model: object }[]
  }
  for (const trial of manifest.trials)
    expect(trial.model).toMatchObject({
      name: 'tiny',
      file_sha256: sha256(model),
      architecture: 'llama',
      kvc_bytes_per_token: 512,
      threads: 2,
      library: expect.stringContaining('llama.cpp') as string,
    })

  // A model that was killed is started again for the next request; an agent that was killed leaves what it had in memory.
  const agent = await pidOfAgent(testbed, layout)
  const [program] = (await onHost(testbed, 'jetson', 'pgrep', '-P', agent)).split('\n')
  expect(await onHost(testbed, 'jetson', 'ps', '-o', 'args=', '-p', program ?? '')).toContain(
    'skymemory-model.mjs',
  )
  await onHost(testbed, 'jetson', 'kill', '-9', program ?? '')
  expect((await run('tiny')).state).toMatchObject({ failedTrials: 0 })
  expect(await pidOfAgent(testbed, layout)).toBe(agent)
  await client.call('stopLab', {})
  await onHost(testbed, 'jetson', 'kill', '-9', agent)
  const removed = await client.call('removeInstallation', all)
  expect(removed.hosts.map((host) => [host.state, host.error])).toEqual(
    testbed.hosts.map(() => ['done', null]),
  )
  expect(await traces(testbed, 'jetson')).toEqual(before)
}

describe.skipIf(missing)('the engine llama on a host without systemd', { timeout: 300_000 }, () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 2 })
  }, 120_000)
  afterAll(() => testbed?.down())

  it('runs a model that was put there, and goes without a trace', () => wholeWay(testbed, 'detached'))

  it('is refused in the plan where its package is not installed, and other hosts are not kept from theirs', async () => {
    const { client, all } = await aConsole(testbed, { isInstalled: false })
    const { hosts } = await client.call('plan', all)
    expect(hosts.map(({ error }) => error)).toEqual([
      null,
      expect.objectContaining({
        code: 'not_supported',
        message: expect.stringContaining('@skymemory/llama') as string,
        hint: expect.stringContaining('skymemory model engine install') as string,
      }),
    ])
  })
})

describe.skipIf(noSystemd)('the engine llama in a system unit', { timeout: 300_000 }, () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 2, host: { systemd: true } })
  }, 120_000)
  afterAll(() => testbed?.down())

  it('runs a model within the limits of the unit, and goes without a trace', () =>
    wholeWay(testbed, 'system'))

  it('runs a model in a unit of the user, whose process may run out of memory alone', async () => {
    const service = 'user'
    const { client, all } = await modelConsole(testbed, {
      agentEntry,
      change: (host) => ({ ...host, service }),
    })
    const layout = layoutOf(service)
    const applied = await client.call('apply', all)
    expect(applied.hosts.map(({ state, error }) => [state, error])).toEqual(
      testbed.hosts.map(() => ['done', null]),
    )
    await client.call('sendModel', { lab: 'rack', host: null, file: model, name: 'tiny' })
    await client.call('startLab', { lab: 'rack', slots: 4, planes: 2 })
    await client.call('serveApi', { parameters })
    const ask = (content: string) =>
      client.call('chat', { ...question, messages: [{ role: 'user', content }] })
    expect((await ask('Hello')).measurement).toMatchObject({ status: 'ok', outputTokens: 8 })
    const agent = await pidOfAgent(testbed, layout)

    if (!starvingMissing) {
      const killed = await starve(testbed, 'jetson', 'skymemory-model.mjs', 256 * 1024)
      await expect(ask('Hello '.repeat(400))).rejects.toMatchObject({
        code: 'engine_failed',
        message: expect.stringContaining('SIGKILL') as string,
        hint: expect.stringContaining('memory') as string,
      })
      expect(await killed()).toBe(1)
    }
    expect((await ask('Hello again')).measurement).toMatchObject({ status: 'ok', outputTokens: 8 })
    expect(await pidOfAgent(testbed, layout)).toBe(agent)
    const state = await client.call('serviceState', { lab: 'rack', host: 'jetson' })
    expect(state).toMatchObject({ state: 'running', service })
    await client.call('stopLab', {})
    const removed = await client.call('removeInstallation', all)
    expect(removed.hosts.map((host) => [host.state, host.error])).toEqual(
      testbed.hosts.map(() => ['done', null]),
    )
  })
})
