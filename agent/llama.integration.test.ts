import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import { memoryNeeded } from '#shared/gguf/memory-needed'
import { modelShape } from '#shared/gguf/model-shape'
import { readHeader } from '#shared/gguf/read-header'
import { startTestLab, type TestLab } from './testing/agent-process'
import { childProcesses } from './testing/child-processes'
import { collectTrial } from './testing/collect-records'
import { llamaMissing, randomModels, tinyModel } from './testing/random-model'
import { residentBytes } from './testing/resident-memory'

const { slots, planes } = tinyModel
const base: ParameterValues = {
  ...tinyModel,
  document_count: 2,
  document_tokens: 150,
  sessions: 3,
  turns: 2,
  output_tokens: 6,
  concurrency: 2,
}
const words = 'The quick brown fox jumps over the lazy dog and thinks about satellites. '
const documents = ['One', 'Two'].map((title) => ({ title, text: `${title}: ${words.repeat(40)}` }))

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('a trial of a real model', () => {
  const home = mkdtempSync(join(tmpdir(), 'sky-models-'))
  let lab: TestLab
  let trials = 0

  beforeAll(async () => {
    lab = await startTestLab(slots, planes, planes, { llama: await randomModels(home) })
    await lab.inference.control.call('loadDocuments', { from: 0, documents })
  })
  afterAll(async () => {
    await lab.stop()
    rmSync(home, { recursive: true, force: true })
  })

  async function start(changes: Partial<ParameterValues>): Promise<string> {
    const parameters = { ...base, ...changes }
    const trialKey = `t${++trials}`
    for (const host of lab.satellites) await host.control.call('prepareTrial', { trialKey, parameters })
    await lab.inference.control.call('startTrial', { trialKey, seed: 7, parameters })
    return trialKey
  }

  const run = async (changes: Partial<ParameterValues>) =>
    collectTrial(lab.inference.control, await start(changes))

  test.each(['f16', 'q8_0'] as const)(
    'later prompts find the blocks of earlier ones, at %s',
    async (kv_type) => {
      const { requests, finished } = await run({ kv_type })
      expect(finished.outcome).toBe('completed')
      expect(requests.map(({ status }) => status)).toEqual(Array(6).fill('ok'))
      // Two documents, six prompts: the first of each conversation at most has to compute its document.
      expect(requests.filter(({ blocksHit }) => blocksHit >= 4).length).toBeGreaterThanOrEqual(3)
      const { model } = await lab.inference.control.call('status', {})
      // Two layers of two heads of 32 values, keys and values: 2 B each, or 34 B for 32 of them.
      const bytes = kv_type === 'f16' ? 2 * 2 * 2 * 32 * 2 : 2 * 2 * 2 * 34
      expect(model).toMatchObject({ name: 'tiny', kvType: kv_type, kvcBytesPerToken: bytes })
      for (const { blocksHit, bytesRead, restoreMs, wrongBytesServed, halfBlocksServed } of requests) {
        expect(bytesRead).toBe(blocksHit * 32 * bytes)
        expect(restoreMs === null).toBe(blocksHit === 0)
        // What a block should hold is not known without computing it.
        expect([wrongBytesServed, halfBlocksServed]).toEqual([blocksHit === 0 ? 0 : null, 0])
      }
    },
  )

  test('without a cache the same conversations run, and nothing is read or written', async () => {
    const warm = await run({ concurrency: 1 })
    const cold = await run({ concurrency: 1, cache: 'off' })
    const shape = ({ requests }: typeof warm) =>
      requests.map(({ promptTokens, outputTokens, sessionId, turn }) => ({
        promptTokens,
        outputTokens,
        sessionId,
        turn,
      }))
    expect(shape(warm)).toEqual(shape(cold))
    expect(cold.requests.every(({ blocksHit, bytesWritten }) => blocksHit === 0 && bytesWritten === 0)).toBe(
      true,
    )
    expect(warm.requests.some(({ blocksHit }) => blocksHit > 0)).toBe(true)
  })

  test('a killed model fails its request cleanly, and the next one has a model again', async () => {
    const trialKey = await start({ concurrency: 1, sessions: 6, output_tokens: 60 })
    const following = collectTrial(lab.inference.control, trialKey)
    const pid = lab.inference.child.pid as number
    const soon = { timeout: 30_000 }
    await expect.poll(() => childProcesses(pid).length, soon).toBe(1)
    await expect
      .poll(async () => {
        const status = await lab.inference.control.call('trialStatus', {})
        return status.kind === 'idle' ? 0 : status.requestsDone
      }, soon)
      .toBeGreaterThan(1)
    for (const child of childProcesses(pid)) process.kill(child, 'SIGKILL')
    const { requests, finished } = await following
    expect(finished.outcome).toBe('completed')
    const failed = requests.filter(({ status }) => status === 'failed')
    expect(failed.map(({ errorCode }) => errorCode)).toEqual(['engine_failed'])
    expect(requests.at(-1)?.status).toBe('ok')
    expect(childProcesses(pid)).toHaveLength(1)
  })

  test('a trial that is cancelled lets the model go', async () => {
    const trialKey = await start({ sessions: 20, output_tokens: 200 })
    await lab.inference.control.call('abortTrial', {})
    const { finished } = await collectTrial(lab.inference.control, trialKey)
    expect(finished.outcome).toBe('cancelled')
    expect((await run({ sessions: 1, turns: 1 })).requests[0]?.status).toBe('ok')
  })

  test('a context that is too small fails those requests that do not fit, and says why', async () => {
    const { requests } = await run({
      context_tokens: 256,
      document_tokens: 200,
      output_tokens: 80,
      sessions: 1,
    })
    expect(requests.map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['failed', 'invalid_argument'],
      ['failed', 'invalid_argument'],
    ])
  })

  test('what cannot be loaded is refused before anything starts, and the next trial runs', async () => {
    const folder = join(home, 'models')
    const whole = readFileSync(join(folder, 'tiny.gguf'))
    const write = (name: string, bytes: Uint8Array): string => {
      writeFileSync(join(folder, name), bytes)
      return join(folder, name)
    }
    const other = Buffer.from(whole)
    other.write('mamba', other.indexOf('llama', other.indexOf('general.architecture') + 20), 'utf8')
    const cases = [
      ['nothing', 'not_found', 'skymemory model add'],
      ['../tiny', 'invalid_argument', 'no name of a model'],
      ['none', 'invalid_argument', 'no model is chosen'],
      ['/nowhere/x.gguf', 'not_found', '/nowhere/x.gguf'],
      [write('text.gguf', Buffer.from('Once upon a time')), 'invalid_model', 'text.gguf'],
      [write('cut.gguf', whole.subarray(0, whole.byteLength - 1_000)), 'not_supported', 'truncated'],
      [write('other.gguf', other), 'not_supported', 'mamba'],
    ] as const
    for (const [model, code, part] of cases) {
      const error = await start({ model }).then(
        () => null,
        (thrown: { code: string; message: string; hint: string }) => thrown,
      )
      expect(error?.code, model).toBe(code)
      expect(`${error?.message} ${error?.hint}`).toContain(part)
    }
    expect((await run({ sessions: 1, turns: 1 })).requests[0]?.status).toBe('ok')
  })

  test('a model whose weights are larger than the memory is refused by its header', async () => {
    const header = readFileSync(join(home, 'models', 'tiny.gguf'))
    // Name, number of dimensions, values of a row, rows: of the last tensor of the file, f16.
    const rows = header.lastIndexOf('output.weight') + 'output.weight'.length + 4 + 8
    const width = Number(header.readBigUInt64LE(rows - 8))
    const more = BigInt(Math.ceil((2 * totalmem()) / (width * 2)))
    const missing = (more - header.readBigUInt64LE(rows)) * BigInt(width) * 2n
    header.writeBigUInt64LE(more, rows)
    const model = join(home, 'large.gguf')
    writeFileSync(model, header)
    // Whole by its length; what was never written takes no room on the disk.
    truncateSync(model, header.byteLength + Number(missing))

    const refused = await start({ model }).then(
      () => null,
      (thrown: SkyError) => thrown,
    )
    expect(refused?.code).toBe('not_supported')
    expect(refused?.details['problems']).toMatchObject([{ kind: 'memory', severity: 'error' }])
    expect(refused?.message).toMatch(/needs about [\d.]+ GB of memory: [\d.]+ GB for its weights/)
    expect(refused?.hint).toContain('Choose a smaller model')
    expect((await run({ sessions: 1, turns: 1 })).requests[0]?.status).toBe('ok')
  })

  test.each([
    [1_024, 32],
    [8_192, 1_024],
  ])(
    'with a context of %i tokens and blocks of %i the model takes about the memory that was expected',
    async (context_tokens, block_tokens) => {
      const parameters = { ...base, context_tokens, block_tokens, kv_type: 'f16' } as const
      await lab.inference.control.call('openModel', { parameters })
      const how = { maxTokens: 1, useCache: false, withLogits: false, zeroValuesOfBlock: null }
      const prompt = { text: words.repeat(600), promptTokens: context_tokens - 10 }
      expect((await lab.inference.control.call('prove', { ...prompt, ...how })).error).toBeNull()

      const file = readFileSync(join(home, 'models', 'tiny.gguf'))
      const readFirst = (bytes: number) => Promise.resolve(file.subarray(0, bytes))
      const header = await readHeader({ name: 'tiny', bytes: file.byteLength, readFirst })
      const needed = memoryNeeded(modelShape('tiny', header), {
        kvType: 'f16',
        contextTokens: context_tokens,
        batchTokens: block_tokens,
      })
      const [model] = childProcesses(lab.inference.child.pid ?? 0)
      const ratio = (needed.total - needed.copies) / residentBytes(model ?? 0, 'most')
      expect(ratio).toBeGreaterThan(0.9)
      expect(ratio).toBeLessThan(1.5)
    },
  )

  test('a model never gets the blocks of another one, nor those of another KV type', async () => {
    const { control } = lab.inference
    const text = words.repeat(4)
    const how = { maxTokens: 1, useCache: true, withLogits: false, zeroValuesOfBlock: null }
    const hits = async (changes: Partial<ParameterValues>): Promise<number> => {
      await control.call('openModel', { parameters: { ...base, ...changes } })
      const { blocksHit, error } = await control.call('prove', { text, promptTokens: 70, ...how })
      expect(error).toBeNull()
      return blocksHit
    }
    const trial = { trialKey: `t${++trials}`, parameters: base }
    for (const host of lab.satellites) await host.control.call('prepareTrial', trial)
    expect(await hits({ model: 'tiny' })).toBe(0)
    // Of the same shape, weights and tokens: only its file is another one.
    expect(await hits({ model: 'untold' })).toBe(0)
    expect(await hits({ model: 'tiny', kv_type: 'q8_0' })).toBe(0)
    expect(await hits({ model: 'tiny' })).toBe(2)
  })

  test('a host without the package says so', async () => {
    const bare = await startTestLab(slots, 1)
    try {
      const starting = bare.inference.control.call('startTrial', {
        trialKey: 'x',
        seed: 1,
        parameters: { ...base, planes: 1, centre_plane: 0, los_planes: 1 },
      })
      await expect(starting).rejects.toMatchObject({ code: 'not_supported' })
    } finally {
      await bare.stop()
    }
  })
})
