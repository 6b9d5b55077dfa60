import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ProofQuestion, Verdict } from '#shared/contract/proof-api'
import { llamaMissing } from '../models/testing/llama-package'
import { modelConsole, type ModelConsole } from '../models/testing/model-console'
import { layoutOf, onHost } from '../provisioning/testing/testbed-hosts'
import type { Testbed } from '../testbed/testbed'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { everyStep } from './testing/proof-lab'
import { tinyModelFile } from '../models/testing/tiny-model-file'

/** The proof of a real model on the hosts of a lab behind SSH. */

const missing = noTestbed() ?? llamaMissing
if (missing) console.warn(`Proofs on hosts are not tested: ${missing}`)

const soon = { timeout: 60_000, interval: 50 }
const question: ProofQuestion = {
  model: 'tiny',
  kvType: 'f16',
  blockTokens: 32,
  promptTokens: 140,
  outputTokens: 4,
  threads: 1,
}
const longRun = `name: Long
lab: rack
parameters: { slots: 4, planes: 2, centre_slot: 1, centre_plane: 0, los_slots: 1, los_planes: 1, servers: 3, sessions: 40,
  turns: 2, block_tokens: 32, kvc_bytes_per_token: 64, chunk_bytes: 1024, document_count: 2, document_tokens: 64,
  output_tokens: 20, decode_tokens_per_s: 50, concurrency: 1 }
`

let agentEntry = ''
let model = ''
if (!missing) {
  agentEntry = (await bundleFor({ cli: false })).agent
  model = await tinyModelFile()
}

/** Prove, and hear what is told meanwhile. */
function proving(
  { client }: ModelConsole,
  { onVerdict, ...changes }: Partial<ProofQuestion> & { onVerdict?: (verdict: Verdict) => void } = {},
  signal?: AbortSignal,
) {
  const verdicts: Verdict[] = []
  const stop = client.on('proofProgress', ({ progress }) => {
    if (progress.kind !== 'verdict') return
    verdicts.push(progress.verdict)
    onVerdict?.(progress.verdict)
  })
  const asked = { lab: 'rack', question: { ...question, ...changes } }
  return { verdicts, result: client.call('proveModel', asked, signal).finally(stop) }
}

describe.skipIf(missing)('a proof on the hosts of a lab', { timeout: 180_000 }, () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
  }, 120_000)
  afterAll(() => testbed?.down())

  const aConsole = () => modelConsole(testbed, { agentEntry })
  const stateOf = async ({ client }: ModelConsole) => (await client.call('labState', {})).kind
  const pidOfAgent = async (host: string): Promise<string> =>
    (
      await onHost(
        testbed,
        host,
        'pgrep',
        '-f',
        `skymemory-agent.mjs --config ${layoutOf('detached').config}`,
      )
    )
      .trim()
      .split('\n')
      .at(-1) ?? ''

  it('needs a lab that is known and deployed, a host for models, and the model', async () => {
    const console = await aConsole()
    const { client, all } = console
    await expect(client.call('proveModel', { lab: 'attic', question })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(proving(console).result).rejects.toMatchObject({
      code: 'not_installed',
      hint: expect.stringContaining('skymemory lab apply rack') as string,
    })
    const without = await modelConsole(testbed, {
      agentEntry,
      change: (host) => (host.role === 'inference' ? { ...host, models: false } : host),
    })
    await expect(proving(without).result).rejects.toMatchObject({
      code: 'not_supported',
      message: 'jetson of the lab rack runs no models',
      hint: expect.stringContaining('models: true') as string,
    })
    // Said, but not applied.
    await without.client.call('apply', all)
    await expect(proving(console).result).rejects.toMatchObject({
      code: 'not_supported',
      hint: expect.stringContaining('apply') as string,
    })
    const applied = await client.call('apply', all)
    expect(applied.hosts.map(({ state, error }) => [state, error])).toEqual(
      testbed.hosts.map(() => ['done', null]),
    )
    await expect(proving(console).result).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('no model "tiny"') as string,
      hint: expect.stringContaining('skymemory model add FILE --name tiny') as string,
    })
    expect(await stateOf(console)).toBe('stopped')
    await client.call('sendModel', { lab: 'rack', host: null, file: model, name: 'tiny' })
    await expect(proving(console, { promptTokens: 40 }).result).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining('longer prompt') as string,
    })
  })

  it('passes every step, in another process of the agent too, and leaves the lab as it was', async () => {
    const console = await aConsole()
    const { client } = console
    const before = await pidOfAgent('jetson')
    const { result, verdicts } = proving(console)
    const { passed, model: facts, verdicts: told } = await result
    expect(told.filter((verdict) => !verdict.passed)).toEqual([])
    expect(passed).toBe(true)
    expect(told.map(({ step, blocksHit }) => [step, blocksHit])).toEqual(everyStep)
    expect(verdicts).toEqual(told)
    expect(facts).toMatchObject({ name: 'tiny', kvType: 'f16', threads: 1 })
    expect(await pidOfAgent('jetson')).not.toBe(before)
    expect(await stateOf(console)).toBe('stopped')

    // In a lab that runs, with its constellation; what the first proof left is not found.
    await client.call('startLab', { lab: 'rack', slots: 4, planes: 2 })
    const again = await proving(console, { kvType: 'q8_0' }).result
    expect(again.verdicts.map(({ step, blocksHit }) => [step, blocksHit])).toEqual(everyStep)
    expect(again.passed).toBe(true)
    expect(await client.call('labState', {})).toMatchObject({ kind: 'running', slots: 4, planes: 2 })
  })

  it('has the lab to itself: it waits for nobody, and runs wait for it', async () => {
    const console = await aConsole()
    const { client } = console
    const { runId } = await client.call('startRun', { yaml: longRun })
    const run = () => client.call('run', { runId })
    await expect.poll(async () => (await run()).requestsDone, soon).toBeGreaterThan(0)
    await expect(proving(console).result).rejects.toMatchObject({
      code: 'conflict',
      message: 'A run is active',
    })
    await client.call('cancelRun', { runId })

    let [waited, refused]: [Promise<{ runId: string }> | null, unknown] = [null, null]
    const { result } = proving(console, {
      onVerdict: ({ step }) => {
        if (step !== 'warm') return
        waited = client.call('startRun', { yaml: longRun })
        client.call('apply', { lab: 'rack', hosts: null }).catch((thrown: unknown) => (refused = thrown))
      },
    })
    expect((await result).passed).toBe(true)
    expect(refused).toMatchObject({ code: 'conflict', message: 'A proof uses the hosts of rack' })
    const next = await (waited as unknown as Promise<{ runId: string }>)
    await expect
      .poll(async () => (await client.call('run', { runId: next.runId })).requestsDone, soon)
      .toBeGreaterThan(0)

    // Another console is told who has the lab; once this one has gone, its trial goes on at the hosts.
    const other = await aConsole()
    await expect(proving(other).result).rejects.toMatchObject({ code: 'lab_held' })
    await console.engine.dispose()
    await expect(proving(other).result).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^A trial is running on jetson: /) as string,
    })
    const agent = { lab: 'rack', host: 'jetson', action: 'restart' as const }
    await other.client.call('controlService', agent)
  })

  it.each([
    ['whose agent is killed', () => killAgent('nuc2'), /^nuc2 (ended|was started again)/],
    ['whose power is cut', () => testbed.kill('nuc2'), /^nuc2 cannot be reached/],
  ])('tells of a host %s, and blames no model', async (_, kill, message) => {
    const console = await aConsole()
    onTestFinished(async () => {
      if ((await testbed.status()).some(({ state }) => state !== 'running')) await testbed.boot('nuc2')
    })
    const { result, verdicts } = proving(console, {
      onVerdict: ({ step }) => {
        if (step === 'warm') void kill()
      },
    })
    const error: unknown = await result.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringMatching(message) as string })
    expect((error as { hint: string }).hint).toContain('begin again')
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([])
    expect(await stateOf(console)).toBe('stopped')
  })

  const killAgent = async (host: string): Promise<void> => {
    await onHost(testbed, host, 'kill', '-9', await pidOfAgent(host))
  }

  it('ends when nobody wants it any more, also where nothing answers yet', async () => {
    const console = await aConsole()
    const { client } = console
    const cancel = new AbortController()
    const { result } = proving(console, { onVerdict: () => cancel.abort() }, cancel.signal)
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => stateOf(console), soon).toBe('stopped')
    // Its hosts are free for the next one.
    expect(await client.call('startLab', { lab: 'rack', slots: 4, planes: 2 })).toMatchObject({
      kind: 'running',
    })
  })
})
