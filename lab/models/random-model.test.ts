import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { smallDisk, temporaryFolder } from '../testing/folders'
import { llamaVocabulary } from './llama-vocabulary'
import { writeRandomModel } from './random-model'

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('a random model', () => {
  it('has the same bytes for the same seed, and others for another', async () => {
    const folder = temporaryFolder()
    const hashes: string[] = []
    for (const [index, seed] of [7, 7, 8].entries()) {
      const path = join(folder, `${index}.gguf`)
      const bytes = await writeRandomModel(path, { shape: 'tiny', seed })
      expect(readFileSync(path).length).toBe(bytes)
      hashes.push(sha256(path))
    }
    expect(hashes[0]).toBe(hashes[1])
    expect(hashes[2]).not.toBe(hashes[0])
    // Written down so that a change of the generator, or a machine that makes other bytes, is noticed.
    expect(hashes[0]).toBe('e8d408ebd0895cb94df5a3938ade8d9af7ddb7a85018027b476de2f1dfaee295')
  })

  it('tells how far it is', async () => {
    const path = join(temporaryFolder(), 'new', 'folder', 'tiny.gguf')
    const told: [number, number][] = []
    const bytes = await writeRandomModel(
      path,
      { shape: 'tiny', seed: 1 },
      { onProgress: (...each) => told.push(each) },
    )
    expect(told.at(-1)).toEqual([bytes, bytes])
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).sort((a, b) => a - b))
  })

  it('leaves what was there when it is cancelled, and nothing else', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'tiny.gguf')
    writeFileSync(path, 'before')
    const controller = new AbortController()
    const writing = writeRandomModel(
      path,
      { shape: 'tiny', seed: 1 },
      {
        signal: controller.signal,
        onProgress: (bytes, total) => bytes > total / 2 && controller.abort(),
      },
    )
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' })
    expect(readFileSync(path, 'utf8')).toBe('before')
    expect(readdirSync(folder)).toEqual(['tiny.gguf'])
  })

  it('says when the disk is full, and leaves no part', async ({ skip }) => {
    const disk = smallDisk(8)
    if (!disk) return skip('this user may not mount a small disk')
    try {
      const path = join(disk.path, 'tiny.gguf')
      await expect(writeRandomModel(path, { shape: 'tiny', seed: 1 })).rejects.toMatchObject({
        code: 'storage_full',
      })
      expect(readdirSync(disk.path)).toEqual([])
    } finally {
      disk.unmount()
    }
  })

  it('says when the folder cannot be written', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const path = join(file, 'tiny.gguf')
    await expect(writeRandomModel(path, { shape: 'tiny', seed: 1 })).rejects.toMatchObject({
      code: 'storage_unwritable',
    })
    expect(existsSync(path)).toBe(false)
  })
})

describe("LLaMA's vocabulary", () => {
  it('has special tokens, bytes and text where llama.cpp expects them', () => {
    const { tokens, scores, types } = llamaVocabulary()
    expect([tokens.length, scores.length, types.length]).toEqual([32_000, 32_000, 32_000])
    expect(tokens.slice(0, 4)).toEqual(['<unk>', '<s>', '</s>', '<0x00>'])
    expect(types.slice(0, 4)).toEqual([2, 3, 3, 6])
    expect([tokens[258], types[258], scores[258]]).toEqual(['<0xFF>', 6, 0])
    expect([tokens[15_043], types[15_043], scores[15_043]]).toEqual(['▁Hello', 1, 259 - 15_043])
    expect(new Set(tokens).size).toBe(32_000)
  })
})
