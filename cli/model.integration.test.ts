import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildGguf, oneTensor, text, valuesWith } from '#shared/gguf/testing/build-gguf'
import { temporaryFolder } from '#lab/testing/folders'
import { commandLineUnderTest } from './testing/command-line'

const { run, start } = await commandLineUnderTest()

async function aModel(data: string, name = 'tiny.gguf', seed = '1'): Promise<string> {
  const made = await run(data, 'model', 'random', '--out', name, '--seed', seed)
  expect(made.code, made.err).toBe(0)
  return join(data, name)
}

describe('model', () => {
  it('makes, adds, lists, shows and removes a model', async () => {
    const data = temporaryFolder()
    const path = await aModel(data)
    expect(readFileSync(path).subarray(0, 4).toString()).toBe('GGUF')
    expect((await run(data, 'model', 'list')).out).toContain('There is no model yet')

    const added = await run(data, 'model', 'add', 'tiny.gguf', '--json')
    expect(added.code, added.err).toBe(0)
    expect(JSON.parse(added.out)).toMatchObject({
      name: 'tiny',
      bytes: statSync(path).size,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      how: 'linked',
      path: join(data, 'models', 'tiny.gguf'),
    })
    expect((await run(data, 'model', 'add', 'tiny.gguf')).out).toContain('is there already')

    const listed = JSON.parse((await run(data, 'model', 'list', '--json')).out) as object[]
    expect(listed).toMatchObject([
      {
        name: 'tiny',
        architecture: 'llama',
        quantisation: 'F16',
        bytesPerToken: { f16: 512, q8_0: 272 },
        state: 'present',
      },
    ])
    expect((await run(data, 'model', 'list')).out).toMatch(/tiny .* llama .* F16 .* 512 .* 272 .* present/)

    const shown = await run(data, 'model', 'show', 'tiny')
    expect(shown.out).toMatch(/architecture +llama\n/)
    expect(shown.out).toMatch(/cache of a token +512 B at f16, 272 B at q8_0\n/)
    expect(shown.out).toMatch(
      /block of 128 tokens +65,536 B at f16 \(6 chunks\), 34,816 B at q8_0 \(3 chunks\)\n/,
    )
    expect(shown.out).toMatch(/memory needed +about .* cache of 4096 tokens at f16 2\.1 MB/)

    expect((await run(data, 'model', 'remove', 'tiny')).code).toBe(0)
    expect(readdirSync(join(data, 'models'))).toEqual([])
    expect(existsSync(path)).toBe(true)
  })

  it('shows a file that is not kept, and what is wrong with a use of it', async () => {
    const data = temporaryFolder()
    await aModel(data)
    const { code, out } = await run(data, 'model', 'show', 'tiny.gguf', '--context', '4000000000', '--json')
    expect(code).toBe(1)
    expect(out).toBe('')
    const shown = await run(
      data,
      'model',
      'show',
      'tiny.gguf',
      '--context',
      '1000000000',
      '--kv',
      'q8_0',
      '--json',
    )
    const { problems, sha256, memory } = JSON.parse(shown.out) as {
      problems: { kind: string; message: string }[]
      sha256: null
      memory: { cache: number }
    }
    expect(problems.map(({ kind }) => kind)).toEqual(['memory', 'context'])
    expect(problems[0]?.message).toMatch(/272\.00 GB for the cache of 1000000000 tokens at q8_0/)
    expect([sha256, memory.cache]).toEqual([null, 272e9])
  })

  it('shows what cannot be used, too', async () => {
    const data = temporaryFolder()
    const values = valuesWith({ 'general.architecture': text('gemma2') })
    writeFileSync(join(data, 'gemma.gguf'), buildGguf({ values, tensors: oneTensor, dataBytes: 32 }))
    const { code, out } = await run(data, 'model', 'show', 'gemma.gguf')
    expect(code).toBe(0)
    expect(out).toMatch(/fits this machine +no\nproblem +The architecture gemma2 keeps only a sliding window/)
    expect(out).toMatch(/cache of a token +– at f16, – at q8_0/)
  })

  it.each<[string, (data: string) => Promise<string[]>, RegExp]>([
    [
      'a file that is no model',
      async (data) => {
        writeFileSync(join(data, 'x.gguf'), 'text')
        return ['add', 'x.gguf']
      },
      /x\.gguf is not a GGUF file.*\[invalid_model\]\nhint: /,
    ],
    [
      'a truncated model',
      async (data) => {
        truncateSync(await aModel(data), 5_000_000)
        return ['add', 'tiny.gguf']
      },
      /truncated: it has 5\.0 MB, and its header describes 17\.7 MB.*\[invalid_model\]/,
    ],
    [
      'an architecture that does not fit',
      async (data) => {
        const values = valuesWith({ 'general.architecture': text('mamba') })
        writeFileSync(join(data, 'm.gguf'), buildGguf({ values, tensors: oneTensor, dataBytes: 32 }))
        return ['add', 'm.gguf', '--lab', 'nowhere']
      },
      /The architecture mamba keeps a recurrent state.*\[not_supported\]/,
    ],
    [
      'a file that is not there',
      async () => ['add', 'none.gguf'],
      /none\.gguf cannot be read.*\[not_found\]/,
    ],
    [
      'a name that is a command',
      async (data) => {
        await aModel(data)
        return ['add', 'tiny.gguf', '--name', '$(touch hacked)']
      },
      /cannot be a model's name.*\[invalid_argument\]/,
    ],
    [
      'a lab that is not there',
      async (data) => {
        await aModel(data)
        return ['add', 'tiny.gguf', '--lab', 'nowhere']
      },
      /nowhere.*\[not_found\]/,
    ],
    [
      'a host without a lab',
      async () => ['list', '--host', 'jetson'],
      /--host needs a lab.*\[invalid_argument\]/,
    ],
    ['a model that is not kept', async () => ['remove', 'none'], /There is no model none.*\[not_found\]/],
    ['a seed that is none', async () => ['random', '--out', 'x', '--seed', '-1'], /whole number/],
    [
      'a shape that is none',
      async () => ['random', '--out', 'x', '--shape', 'huge'],
      /Allowed choices are micro, tiny/,
    ],
    [
      'an architecture that nobody can write',
      async () => ['random', '--out', 'x', '--architecture', 'mamba'],
      /'mamba' is invalid. Allowed choices are llama, mixtral/,
    ],
    ['no place for a random model', async () => ['random'], /required option '--out/],
  ])('refuses %s', async (_, prepare, message) => {
    const data = temporaryFolder()
    const { code, out, err } = await run(data, 'model', ...(await prepare(data)))
    expect(err).toMatch(message)
    expect([code, out]).toEqual([1, ''])
    expect(existsSync(join(data, 'models'))).toBe(false)
    expect(existsSync(join(data, 'hacked'))).toBe(false)
  })

  it('makes models of other architectures, one or all, whose headers say what they are', async () => {
    const data = temporaryFolder()
    const micro = ['model', 'random', '--shape', 'micro', '--architecture']
    expect((await run(data, ...micro, 'stablelm-12b', '--out', 'one.gguf')).out.trim()).toBe(
      join(data, 'one.gguf'),
    )
    const shown = JSON.parse((await run(data, 'model', 'show', 'one.gguf', '--json')).out) as object
    expect(shown).toMatchObject({ shape: { architecture: 'stablelm', vocabulary: 2_048 }, problems: [] })

    const all = await run(data, ...micro, 'all', '--out', 'all')
    expect([all.code, all.out.trim()]).toEqual([0, join(data, 'all')])
    const files = readdirSync(join(data, 'all'))
    expect(files.length).toBeGreaterThan(45)
    expect(files).toContain('qwen3moe.gguf')
    const one = readFileSync(join(data, 'one.gguf'))
    expect(readFileSync(join(data, 'all', 'stablelm-12b.gguf')).equals(one)).toBe(true)

    writeFileSync(join(data, 'file'), '')
    const { code, err } = await run(data, ...micro, 'all', '--out', 'file')
    expect(code).toBe(1)
    expect(err).toMatch(/\[storage_unwritable\]/)
  })

  it('takes a model of an architecture that nobody has proven, and says that it is tried out', async () => {
    const data = temporaryFolder()
    const values = valuesWith({ 'general.architecture': text('novel') }).map(
      ([key, value]) => [key.replace(/^llama\./, 'novel.'), value] as const,
    )
    writeFileSync(join(data, 'novel.gguf'), buildGguf({ values, tensors: oneTensor, dataBytes: 32 }))
    const added = await run(data, 'model', 'add', 'novel.gguf')
    expect([added.code, added.err]).toEqual([
      0,
      expect.stringMatching(/note: The architecture novel is not among .* tried out .* skymemory verify/),
    ])
    const { out } = await run(data, 'model', 'show', 'novel')
    expect(out).toMatch(/fits this machine +yes/)
    expect(out).toMatch(/note +The architecture novel is not among .* tried out .* skymemory verify/)
  })

  it('leaves nothing of a random model that is interrupted', async () => {
    const data = temporaryFolder()
    const running = start(data, 'model', 'random', '--shape', 'tinyllama', '--out', 'large.gguf')
    await running.said(/5% \| tinyllama/)
    running.child.kill('SIGINT')
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/was cancelled \[cancelled\]/)
    expect(readdirSync(data)).toEqual([])
  })
})
