import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SkyError } from '../contract/errors'
import { valueTypes } from './format'
import { modelShape } from './model-shape'
import type { GgufHeader } from './parse-header'
import { largestHeaderBytes, readHeader } from './read-header'
import {
  buildGguf,
  count,
  counts,
  oneTensor,
  text,
  texts,
  textBytes,
  u32,
  u64,
  usableValues,
  type GgufParts,
  type Value,
} from './testing/build-gguf'

const memory = new Uint8Array(largestHeaderBytes)

/**
 * Reads a header out of bytes, and counts what was asked for.
 * @param fileBytes what the file has; zeros follow the bytes
 * @param there what can be read of it
 */
async function read(
  file: Uint8Array,
  fileBytes = file.length,
  there = fileBytes,
): Promise<{ header: GgufHeader; most: number }> {
  let most = 0
  memory.set(file)
  try {
    const header = await readHeader({
      name: 'model.gguf',
      bytes: fileBytes,
      readFirst: async (bytes) => {
        most = Math.max(most, bytes)
        return memory.subarray(0, Math.min(bytes, there))
      },
    })
    return { header, most }
  } finally {
    memory.fill(0, 0, file.length)
  }
}

const list = (type: number, length: number | bigint, bytes: readonly number[] = []): Value => ({
  type: valueTypes.array,
  bytes: [...u32(type), ...u64(length), ...bytes],
})

const withValue = (value: Value): GgufParts => ({ values: [['key', value]] })

describe('a header', () => {
  it('is read with its values, tensors and sizes', async () => {
    const file = buildGguf({
      values: usableValues,
      tensors: [
        { name: 'a', shape: [4, 2], type: 0, offset: 0 },
        { name: 'b', shape: [64, 3], type: 2, offset: 32 },
      ],
      dataBytes: 32 + 108,
    })
    const { header } = await read(file)
    expect(header.metadata.size).toBe(usableValues.length)
    expect(header.metadata.get('llama.block_count')).toEqual({ kind: 'number', value: 22 })
    expect(header.metadata.get('tokenizer.ggml.tokens')).toEqual({ kind: 'list', length: 4, numbers: null })
    expect(header).toMatchObject({ version: 3, tensors: 2, parameters: 8 + 192, tensorBytes: 32 + 108 })
    expect(header.wholeFileBytes).toBe(file.length)
  })

  it('is read with every type of value', async () => {
    const number = (type: number, bytes: readonly number[]): Value => ({ type, bytes })
    const { header } = await read(
      buildGguf({
        values: [
          ['uint8', number(valueTypes.uint8, [255])],
          ['int8', number(valueTypes.int8, [255])],
          ['uint16', number(valueTypes.uint16, [255, 255])],
          ['int16', number(valueTypes.int16, [254, 255])],
          ['int32', number(valueTypes.int32, u32(-3))],
          ['float32', number(valueTypes.float32, [0, 0, 128, 63])],
          ['uint64', number(valueTypes.uint64, u64(5))],
          ['int64', number(valueTypes.int64, u64(-5))],
          ['float64', number(valueTypes.float64, [0, 0, 0, 0, 0, 0, 240, 63])],
          ['bool', number(valueTypes.bool, [1])],
          ['numbers', counts([4, 5])],
          ['flags', list(valueTypes.bool, 2, [1, 0])],
          ['name', { type: valueTypes.string, bytes: [...u64(2), 0xc3, 0xa9] }],
        ],
      }),
    )
    const values = [...header.metadata.values()].map((each) =>
      each.kind === 'list' ? each.numbers : each.value,
    )
    expect(values).toEqual([255, -1, 65_535, -2, -3, 1, 5, -5, 1, true, [4, 5], [1, 0], 'é'])
  })

  it('is read from no more of the file than it needs', async () => {
    const vocabulary = Array.from({ length: 60_000 }, (_, index) => `token ${index}`)
    const values: [string, Value][] = [['tokens', texts(vocabulary)]]
    const file = buildGguf({ values, tensors: oneTensor, dataBytes: 32 })
    const { header, most } = await read(file, file.length + 1e9)
    expect(header.metadata.get('tokens')).toMatchObject({ length: 60_000 })
    expect(most).toBeLessThan(2 * file.length)
    expect((await read(buildGguf({ values: usableValues }))).most).toBeLessThan(1_000)
  })

  it('of version 2 is read', async () => {
    expect((await read(buildGguf({ version: 2 }))).header.version).toBe(2)
  })
})

describe('a file that is wrong', () => {
  const tensor = oneTensor[0] as (typeof oneTensor)[0]
  it.each<[string, Uint8Array, string, RegExp]>([
    ['is empty', new Uint8Array(), 'invalid_model', /model\.gguf is empty/],
    ['is something else', new TextEncoder().encode('{"model": 1}'), 'invalid_model', /is not a GGUF file/],
    ['ends after the magic', buildGguf({}).subarray(0, 4), 'invalid_model', /is not a GGUF file/],
    ['ends after the version', buildGguf({}).subarray(0, 8), 'invalid_model', /in the middle of its header/],
    ['is of version 1', buildGguf({ version: 1 }), 'not_supported', /version 1; versions 2 and 3/],
    ['is of a version to come', buildGguf({ version: 4 }), 'not_supported', /version 4/],
    ['is big-endian', buildGguf({ version: 3 << 24 }), 'not_supported', /big-endian/],
    ['has forged numbers of tensors', buildGguf({ tensorCount: 9_999 }), 'invalid_model', /9999 tensors/],
    ['has huge numbers of tensors', buildGguf({ tensorCount: 2n ** 64n - 1n }), 'invalid_model', /tensors/],
    [
      'has forged numbers of values',
      buildGguf({ valueCount: 2n ** 63n }),
      'invalid_model',
      /metadata values/,
    ],
    [
      'has a huge text',
      buildGguf(withValue({ type: valueTypes.string, bytes: textBytes('short', 2n ** 62n) })),
      'invalid_model',
      /middle of its header/,
    ],
    [
      'has a huge name of a value',
      Uint8Array.from([...buildGguf({ valueCount: 1 }), ...u64(2n ** 40n), ...u64(0), ...u64(0)]),
      'invalid_model',
      /middle of its header/,
    ],
    [
      'has a huge list of numbers',
      buildGguf(withValue(counts([1], 2n ** 61n))),
      'invalid_model',
      /items in key/,
    ],
    [
      'has a huge list of texts',
      buildGguf(withValue(texts(['a'], 2n ** 50n))),
      'invalid_model',
      /items in key/,
    ],
    [
      'has lists in lists',
      buildGguf(withValue(list(valueTypes.array, 1))),
      'invalid_model',
      /type 9, which does not exist/,
    ],
    ['has a value of no type', buildGguf(withValue({ type: 77, bytes: [0] })), 'invalid_model', /type 77/],
    [
      'has a value twice',
      buildGguf({
        values: [
          ['a', count(1)],
          ['a', count(2)],
        ],
      }),
      'invalid_model',
      /a is there twice/,
    ],
    [
      'has a wrong alignment',
      buildGguf({ values: [['general.alignment', count(24)]] }),
      'invalid_model',
      /alignment \(24\)/,
    ],
    [
      'has no alignment',
      buildGguf({ values: [['general.alignment', count(0)]] }),
      'invalid_model',
      /alignment \(0\)/,
    ],
    [
      'has a tensor of a type to come',
      buildGguf({ tensors: [{ ...tensor, type: 200 }] }),
      'not_supported',
      /type 200/,
    ],
    [
      'has a tensor of many dimensions',
      buildGguf({ tensors: [{ ...tensor, shape: [1, 1, 1, 1, 1] }] }),
      'invalid_model',
      /5 dimensions/,
    ],
    [
      'has a tensor larger than any file',
      buildGguf({ tensors: [{ ...tensor, shape: [2n ** 40n, 2n ** 40n] }] }),
      'invalid_model',
      /cannot have/,
    ],
    [
      'has a row of half a block',
      buildGguf({ tensors: [{ ...tensor, shape: [48, 2], type: 2 }] }),
      'invalid_model',
      /48 x 2, which q4_0 cannot have/,
    ],
    [
      'has a tensor elsewhere',
      buildGguf({ tensors: [{ ...tensor, offset: 64 }] }),
      'invalid_model',
      /lies at 64, where 0 is expected/,
    ],
    [
      'has the name of a tensor that moves the cursor',
      buildGguf({ tensors: [{ ...tensor, name: '\x1b[2J', offset: 64 }] }),
      'invalid_model',
      /tensor \\x1b\[2J lies/,
    ],
  ])('because it %s is refused', async (_, file, code, message) => {
    await expect(read(file)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })

  it('because its header is too large is refused', async () => {
    const values: [string, Value][] = [
      ['filler', list(valueTypes.uint8, largestHeaderBytes)],
      ['after', count(1)],
    ]
    const file = buildGguf({ values })
    const fileBytes = 10 * largestHeaderBytes
    await expect(read(file, fileBytes)).rejects.toMatchObject({
      message: expect.stringContaining('its header is larger than 64 MiB') as string,
    })
  })

  it.each<[string, Value, number]>([
    ['texts', { type: valueTypes.string, bytes: textBytes('', 9 * 1024 * 1024) }, 20 * 1024 * 1024],
    ['lists', texts([], 2n ** 35n), 2 ** 40],
  ])('because of endless %s is refused', async (_, value, fileBytes) => {
    const file = buildGguf({ values: [['key', value]], valueCount: 2 })
    await expect(read(file, fileBytes)).rejects.toMatchObject({
      message: expect.stringMatching(/take more than 8 MiB|larger than 64 MiB/) as string,
    })
  })

  it('because it becomes shorter meanwhile is refused', async () => {
    await expect(read(buildGguf({}), 100, 10)).rejects.toMatchObject({
      message: expect.stringContaining('has become shorter') as string,
    })
  })
})

describe('whatever a file holds', () => {
  /** A header is read or refused by a SkyError; nothing else happens. */
  async function survives(file: Uint8Array, fileBytes = file.length): Promise<void> {
    try {
      const { header, most } = await read(file, fileBytes)
      expect(most).toBeLessThanOrEqual(largestHeaderBytes)
      expect(header.metadata.size).toBeLessThanOrEqual(file.length)
      modelShape('model.gguf', header)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(SkyError)
    }
  }
  const good = buildGguf({ values: usableValues, tensors: oneTensor, dataBytes: 32 })

  it('random bytes are refused or read', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), (bytes) => survives(bytes)))
  })

  it('every truncation of a header is refused', async () => {
    const { header } = await read(good)
    for (let length = 0; length < header.dataStart - 32; length++) {
      await expect(read(good.slice(0, length))).rejects.toBeInstanceOf(SkyError)
    }
  })

  it('changed bytes are refused or read', async () => {
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (changes, larger) => {
          const file = good.slice()
          for (const [at, byte] of changes) file[at] = byte
          await survives(file, larger ? 2 * 1024 * 1024 : file.length)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('forged lengths are refused or read', async () => {
    const forged = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 100n))
    await fc.assert(
      fc.asyncProperty(
        forged,
        forged,
        forged,
        fc.array(forged, { maxLength: 6 }),
        fc.nat(45),
        async (tensorCount, valueCount, length, shape, type) => {
          const values: [string, Value][] = [
            ['texts', texts(['a', 'b'], length)],
            ['numbers', counts([1, 2], length)],
            ['text', text('c')],
          ]
          const tensors = [{ name: 'd', shape, type, offset: length }]
          await survives(buildGguf({ tensorCount, valueCount, values, tensors }))
          await survives(buildGguf({ values: [['text', text('c')]], tensors }), 2 ** 50)
          await survives(buildGguf({ tensorCount, valueCount }), 2 ** 50)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
