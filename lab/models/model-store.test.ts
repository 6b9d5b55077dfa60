import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { smallDisk, temporaryFolder } from '../testing/folders'
import { ModelChecksums } from './model-checksums'
import { readModelFile } from './model-file'
import { ModelStore } from './model-store'
import { writeRandomModel } from './random-model'
import { buildGguf, text, valuesWith, oneTensor } from '#shared/gguf/testing/build-gguf'

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

let original = ''
let originalSha256 = ''
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-model-'))
  original = join(folder, 'tiny.gguf')
  await writeRandomModel(original, { shape: 'tiny', seed: 1 })
  originalSha256 = sha256Of(original)
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A model's file of its own, beside nothing else. */
function aModel(name = 'tiny.gguf'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, readFileSync(original))
  return path
}

function smallModel(architecture: string): string {
  const path = join(temporaryFolder(), `${architecture}.gguf`)
  const values = valuesWith({ 'general.architecture': text(architecture) })
  writeFileSync(path, buildGguf({ values, tensors: oneTensor, dataBytes: 32 }))
  return path
}

describe('a model file', () => {
  it('is read by its header', async () => {
    const { bytes, shape } = await readModelFile(original)
    expect(bytes).toBe(statSync(original).size)
    expect(shape).toMatchObject({
      architecture: 'llama',
      name: 'SkyMemory random tiny, seed 1',
      quantisation: 'F16',
      layers: 2,
      width: 128,
      heads: 4,
      kvHeads: [2, 2],
      headSizeK: 32,
      headSizeV: 32,
      trainContextTokens: 4_096,
      vocabulary: 32_000,
      tokenizer: 'llama',
      tensors: 21,
    })
    // The last tensor ends at a multiple of the alignment, and so does the file.
    expect(shape.wholeFileBytes).toBe(bytes)
  })

  it.each<[string, () => string, string, RegExp]>([
    ['is not there', () => join(temporaryFolder(), 'none.gguf'), 'not_found', /no such file/],
    ['is a folder', () => temporaryFolder(), 'invalid_argument', /is not a file/],
    [
      'is something else',
      () => {
        const path = join(temporaryFolder(), 'weights.gguf')
        writeFileSync(path, 'PK\x03\x04 something else')
        return path
      },
      'invalid_model',
      /is not a GGUF file/,
    ],
    [
      'ends within its header',
      () => {
        const path = aModel()
        truncateSync(path, 300_000)
        return path
      },
      'invalid_model',
      /in the middle of its header/,
    ],
  ])('that %s is refused', async (_, make, code, message) => {
    await expect(readModelFile(make())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('checksums', () => {
  it('are computed once for a file that stays the same', async () => {
    const data = temporaryFolder()
    const path = aModel()
    const told: number[] = []
    const first = await new ModelChecksums(data).sha256(path, { onProgress: (bytes) => told.push(bytes) })
    expect(first).toBe(originalSha256)
    expect(told.length).toBeGreaterThan(2)
    const again: number[] = []
    expect(await new ModelChecksums(data).sha256(path, { onProgress: (bytes) => again.push(bytes) })).toBe(
      first,
    )
    expect(again).toEqual([told.at(-1)])
    // Nothing is left beside the user's file.
    expect(readdirSync(join(path, '..'))).toEqual(['tiny.gguf'])
  })

  it('are computed again after a change that keeps size and time', async () => {
    const checksums = new ModelChecksums(temporaryFolder())
    const path = aModel()
    const first = await checksums.sha256(path)
    const { atime, mtime } = statSync(path)
    const content = readFileSync(path)
    content[1_000_000] = (content[1_000_000] as number) ^ 1
    writeFileSync(path, content)
    utimesSync(path, atime, mtime)
    const second = await checksums.sha256(path)
    expect(second).not.toBe(first)
    expect(second).toBe(sha256Of(path))
  })

  it('are not taken of a note that is damaged', async () => {
    const data = temporaryFolder()
    const path = aModel()
    await new ModelChecksums(data).sha256(path)
    const [note] = readdirSync(join(data, 'model-checksums'))
    writeFileSync(join(data, 'model-checksums', note as string), '{"sha256":')
    expect(await new ModelChecksums(data).sha256(path)).toBe(originalSha256)
  })

  it('can be cancelled, and notice a file that grows', async () => {
    const checksums = new ModelChecksums(temporaryFolder())
    await expect(checksums.sha256(original, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const path = aModel()
    let isFirst = true
    const reading = checksums.sha256(path, {
      onProgress: () => {
        if (isFirst) appendFileSync(path, 'more')
        isFirst = false
      },
    })
    await expect(reading).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('the store', () => {
  it('links a file of the same disk, knows its checksum, and keeps it without the original', async () => {
    const store = new ModelStore(temporaryFolder(), () => 1_700_000_000_000)
    const path = aModel('My model (1).gguf')
    const { model, how } = await store.add(path, null)
    expect(how).toBe('linked')
    expect(model).toMatchObject({ name: 'My-model-1', sha256: originalSha256, addedAt: 1_700_000_000_000 })
    expect(statSync(model.path).ino).toBe(statSync(path).ino)
    rmSync(path)
    expect(await store.list()).toEqual([model])
    expect(await store.pathOf('My-model-1')).toBe(model.path)
    expect(sha256Of(model.path)).toBe(originalSha256)
  })

  it('copies when told to, and goes on with what is there of an earlier copy', async () => {
    const data = temporaryFolder()
    const path = aModel()
    const store = new ModelStore(data)
    const ending = new AbortController()
    const first = store.add(path, 'one', {
      copy: true,
      signal: ending.signal,
      onStep: (step) => (atCopy = step === 'copy'),
      onProgress: (bytes, total) => atCopy && bytes > total / 2 && ending.abort(),
    })
    let atCopy = false
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    const partial = join(data, 'models', 'one.gguf.partial')
    const { size, ino } = statSync(partial)
    expect(size).toBeGreaterThan(0)
    expect(await store.list()).toEqual([])

    const { model, how } = await store.add(path, 'one', { copy: true })
    expect(how).toBe('copied')
    expect(statSync(model.path).ino).toBe(ino)
    expect(sha256Of(model.path)).toBe(originalSha256)
    expect(existsSync(partial)).toBe(false)
  })

  it.each([
    ['of another file', Buffer.alloc(6_000_000, 7)],
    ['that is longer', Buffer.alloc(20_000_000, 7)],
  ])('does not use a part %s', async (_, part) => {
    const data = temporaryFolder()
    mkdirSync(join(data, 'models'))
    writeFileSync(join(data, 'models', 'one.gguf.partial'), part)
    const { model } = await new ModelStore(data).add(original, 'one', { copy: true })
    expect(sha256Of(model.path)).toBe(originalSha256)
  })

  it('adds the same model once, and no other one by its name', async () => {
    const store = new ModelStore(temporaryFolder())
    await store.add(original, 'one')
    expect((await store.add(aModel(), 'one')).how).toBe('already there')
    const other = join(temporaryFolder(), 'other.gguf')
    await writeRandomModel(other, { shape: 'tiny', seed: 2 })
    await expect(store.add(other, 'one')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('--name') as string,
    })
    expect((await store.list()).map(({ sha256 }) => sha256)).toEqual([originalSha256])
  })

  it('takes in a file that lies in its folder already', async () => {
    const data = temporaryFolder()
    mkdirSync(join(data, 'models'))
    const path = join(data, 'models', 'here.gguf')
    writeFileSync(path, readFileSync(original))
    const { model } = await new ModelStore(data).add(path, null)
    expect(model.path).toBe(path)
    expect(sha256Of(path)).toBe(originalSha256)
  })

  it('removes a model and leaves the original', async () => {
    const data = temporaryFolder()
    const store = new ModelStore(data)
    const path = aModel()
    await store.add(path, 'one')
    await store.remove('one')
    expect(readdirSync(join(data, 'models'))).toEqual([])
    expect(existsSync(path)).toBe(true)
    await expect(store.remove('one')).rejects.toMatchObject({ code: 'not_found' })
    await expect(store.remove('../../etc/passwd')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('says when a file is gone or was changed', async () => {
    const store = new ModelStore(temporaryFolder())
    const { model } = await store.add(original, 'one', { copy: true })
    truncateSync(model.path, 1_000)
    expect(await store.list()).toMatchObject([{ state: 'changed' }])
    await expect(store.pathOf('one')).rejects.toMatchObject({
      message: expect.stringContaining('another size') as string,
    })
    rmSync(model.path)
    expect(await store.list()).toMatchObject([{ state: 'missing' }])
    // It can be added again.
    expect((await store.add(original, 'one')).how).toBe('linked')
  })

  it('finds models by path too', async () => {
    const store = new ModelStore(temporaryFolder())
    expect(await store.pathOf(original)).toBe(original)
    await expect(store.pathOf('nothing')).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each([
    ['gemma2', /gemma2 keeps only a sliding window/],
    ['mamba', /mamba keeps a recurrent state/],
    ['deepseek2', /multi-head latent attention/],
  ])('refuses the architecture %s with the reason, and keeps nothing', async (architecture, message) => {
    const data = temporaryFolder()
    await expect(new ModelStore(data).add(smallModel(architecture), null)).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringMatching(message) as string,
    })
    expect(readdirSync(data)).toEqual([])
  })

  it('refuses a truncated file', async () => {
    const path = aModel()
    truncateSync(path, 10_000_000)
    await expect(new ModelStore(temporaryFolder()).add(path, null)).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(
        /truncated: it has 10\.0 MB, and its header describes 17\.7 MB/,
      ) as string,
    })
  })

  it.each(['$(touch x)', '../up', '', '-rf', 'a/b', 'ü', 'a'.repeat(101)])(
    'refuses the name %j',
    async (name) => {
      const data = temporaryFolder()
      await expect(new ModelStore(data).add(original, name)).rejects.toMatchObject({
        code: 'invalid_argument',
      })
      expect(existsSync(join(data, 'models'))).toBe(false)
    },
  )

  it('makes a name out of any file name', async () => {
    const store = new ModelStore(temporaryFolder())
    const path = aModel('$(touch x) `y`.gguf')
    expect((await store.add(path, null)).model.name).toBe('touch-x-y')
    const nameless = join(temporaryFolder(), '….gguf')
    linkSync(path, nameless)
    await expect(store.add(nameless, null)).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('says before it copies that a disk is too small', async ({ skip }) => {
    const disk = smallDisk(8)
    if (!disk) return skip('this user may not mount a small disk')
    onTestFinished(() => disk.unmount())
    const store = new ModelStore(disk.path)
    await expect(store.add(original, 'one')).rejects.toMatchObject({
      code: 'storage_full',
      message: expect.stringMatching(/17\d+ bytes are needed, \d+ are free/) as string,
    })
    expect(await store.list()).toEqual([])
  })
})
