import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeRandomModel } from '../models/random-model'
import { llamaMissing } from '../models/testing/llama-package'
import { everyStep, proofLab } from './testing/proof-lab'

const folder = mkdtempSync(join(tmpdir(), 'skymemory-verify-'))
const { modelsDirectory, verify } = proofLab(folder)

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('the proof of a real model', () => {
  beforeAll(async () => {
    mkdirSync(modelsDirectory, { recursive: true })
    await writeRandomModel(join(modelsDirectory, 'tiny.gguf'), { shape: 'tiny', seed: 11 })
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(['f16', 'q8_0'] as const)('passes every step at %s', async (kv_type) => {
    const { passed, verdicts, model } = await verify({ kv_type })
    expect(verdicts.filter((verdict) => !verdict.passed)).toEqual([])
    expect(passed).toBe(true)
    expect(verdicts.map(({ step, blocksHit }) => [step, blocksHit])).toEqual(everyStep)
    expect(model).toMatchObject({ kvType: kv_type, architecture: 'llama' })
  })

  test('reads no last block of a prompt that ends with it, and proves it all the same', async () => {
    const { passed, verdicts } = await verify({}, { promptTokens: 128 })
    expect(passed).toBe(true)
    expect(verdicts.find(({ step }) => step === 'warm')).toMatchObject({ blocksHit: 3, blocks: 4 })
  })

  test('fails when the values of one block are set to 0', async () => {
    const { passed, verdicts } = await verify({}, { spoiltBlock: 2 })
    expect(passed).toBe(false)
    const warm = verdicts.filter(({ step }) => step.startsWith('warm') || step === 'after a migration')
    expect(warm.map(({ passed: good, sameLogits }) => [good, sameLogits])).toEqual(
      Array.from({ length: 3 }, () => [false, false]),
    )
    // What used no spoilt block is still right.
    expect(verdicts.find(({ step }) => step === 'cold, twice')?.passed).toBe(true)
  })

  test('fails where nothing can be moved', async () => {
    const { passed, verdicts } = await verify({ strategy: 'hop' })
    expect(passed).toBe(false)
    expect(verdicts.filter((verdict) => !verdict.passed)).toMatchObject([
      { step: 'after a migration', text: 'no chunk was moved by any rotation' },
    ])
  })

  test('asks for a prompt that can prove something', async () => {
    await expect(verify({}, { promptTokens: 50 })).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(verify({}, { promptTokens: 3_000 })).rejects.toThrow(/the text has \d+ tokens/)
  })
})
