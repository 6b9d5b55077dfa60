import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { assembleState } from './assemble-state'
import { checkState } from './check-state'
import { parseState } from './parse-state'
import { sliceBlock } from './slice-block'
import { bytesPerToken, isSameLayout, type LayerLayout, type StateLayout } from './state-layout'
import { stateFile, type StateFile } from './testing/state-file'

/** Two layers whose rows differ in type and length, as no row must be taken for another. */
const layout: StateLayout = [
  { keyType: 1, keyRowBytes: 6, valueType: 1, valueRowBytes: 4 },
  { keyType: 8, keyRowBytes: 34, valueType: 8, valueRowBytes: 68 },
]

const keyByte = (layer: number, position: number, byte: number): number => 100 * layer + 7 * position + byte
const valueByte = (layer: number, position: number, byte: number): number =>
  50 + 90 * layer + 11 * position + byte

function aState(positions: readonly number[], of: StateLayout = layout): StateFile {
  const tokens = positions.map((_, i) => 1_000 + i)
  return { layout: of, tokens, positions, keyByte, valueByte }
}

const inOrder = (tokens: number): number[] => Array.from({ length: tokens }, (_, i) => i)

/** A block's bytes by their definition: key rows layer by layer, then value rows. */
function blockByDefinition(block: number, blockTokens: number): number[] {
  const positions = inOrder(blockTokens).map((i) => block * blockTokens + i)
  const keys = layout.flatMap(({ keyRowBytes }, layer) =>
    positions.flatMap((position) => inOrder(keyRowBytes).map((byte) => keyByte(layer, position, byte) & 255)),
  )
  const values = layout.flatMap(({ valueRowBytes }, layer) =>
    positions.flatMap((position) =>
      inOrder(valueRowBytes).map((byte) => valueByte(layer, position, byte) & 255),
    ),
  )
  return [...keys, ...values]
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

describe('a state file', () => {
  test('says what it holds', () => {
    const state = parseState(stateFile(aState(inOrder(5))))
    expect([...state.tokens]).toEqual([1000, 1001, 1002, 1003, 1004])
    expect(isSameLayout(state.layout, layout)).toBe(true)
    expect(bytesPerToken(state.layout)).toBe(6 + 4 + 34 + 68)
    expect([...state.cellOfPosition]).toEqual([0, 1, 2, 3, 4])
  })

  test('without cells has nothing', () => {
    const empty = new Uint8Array(Uint32Array.of(0x67677371, 3, 0, 1, 0).buffer)
    expect(parseState(empty)).toMatchObject({ layout: [], keys: [], values: [] })
  })

  test('gives blocks whose bytes follow from their definition, whatever the order of its cells', () => {
    const shuffled = fc.shuffledSubarray(inOrder(12), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(shuffled, fc.constantFrom(1, 2, 3, 4, 6, 12), (positions, blockTokens) => {
        const bytes = stateFile(aState(positions))
        const state = parseState(bytes)
        for (let block = 0; block < 12 / blockTokens; block++) {
          expect([...sliceBlock(state, bytes, block, blockTokens)]).toEqual(
            blockByDefinition(block, blockTokens),
          )
        }
      }),
    )
  })

  test('is put together from blocks as llama.cpp would have written it', () => {
    const whole = stateFile(aState(inOrder(12)))
    const state = parseState(whole)
    const blocks = [0, 1, 2].map((block) => sliceBlock(state, whole, block, 4))
    expect(joined(assembleState(layout, [...state.tokens], blocks, 4))).toEqual(whole)
    // A prefix is the state of a shorter prompt.
    const prefix = joined(assembleState(layout, [...state.tokens.slice(0, 8)], blocks.slice(0, 2), 4))
    expect(prefix).toEqual(stateFile(aState(inOrder(8))))
  })

  test('may have as many blocks as the longest context has tokens', () => {
    const tokens = inOrder(1_048_576)
    const one: StateLayout = [{ keyType: 1, keyRowBytes: 2, valueType: 1, valueRowBytes: 2 }]
    const block = new Uint8Array(bytesPerToken(one))
    const parts = assembleState(one, tokens, Array<Uint8Array>(tokens.length).fill(block), 1)
    // Its head, and for keys and values what they are and each block's.
    expect(parts).toHaveLength(1 + 2 * (1 + tokens.length))
  })

  test('may have layers without attention', () => {
    const sparse: StateLayout = [
      layout[0] as LayerLayout,
      { keyType: 1, keyRowBytes: 0, valueType: 1, valueRowBytes: 0 },
      layout[1] as LayerLayout,
    ]
    const whole = stateFile(aState(inOrder(8), sparse))
    const state = parseState(whole)
    expect(isSameLayout(state.layout, sparse)).toBe(true)
    const blocks = [0, 1].map((block) => sliceBlock(state, whole, block, 4))
    expect(blocks[0]).toHaveLength(4 * bytesPerToken(layout))
    expect(joined(assembleState(sparse, [...state.tokens], blocks, 4))).toEqual(whole)
  })

  test('has TinyLlama’s bytes a block: 2,883,584 at f16, 1,531,904 at q8_0', () => {
    const of = (type: number, row: number): StateLayout =>
      inOrder(22).map(() => ({ keyType: type, keyRowBytes: row, valueType: type, valueRowBytes: row }))
    expect(128 * bytesPerToken(of(1, 4 * 64 * 2))).toBe(2_883_584)
    expect(128 * bytesPerToken(of(8, ((4 * 64) / 32) * 34))).toBe(1_531_904)
  })
})

describe('what is no state of ours is refused', () => {
  const whole = stateFile(aState(inOrder(6)))
  const changed = (offset: number, value: number): Uint8Array => {
    const bytes = whole.slice()
    new DataView(bytes.buffer).setUint32(offset, value, true)
    return bytes
  }
  const nothing: LayerLayout = { keyType: 1, keyRowBytes: 0, valueType: 1, valueRowBytes: 0 }
  const half: StateLayout = [...layout.slice(0, 1), { ...nothing, valueRowBytes: 4 }]
  /** Where things stand in `whole`: 3 numbers, 6 tokens, streams, cells, 6 cells of 3 numbers, v_trans, layers. */
  const at = {
    magic: 0,
    version: 4,
    tokens: 8,
    streams: 36,
    cells: 40,
    cell: 44,
    transposed: 116,
    layers: 120,
  }

  test.each([
    ['another magic number', changed(at.magic, 1), 'magic'],
    ['another version', changed(at.version, 4), 'version is 4'],
    ['four thousand million tokens', changed(at.tokens, 0xffffffff), 'more than'],
    ['more tokens than bytes', changed(at.tokens, 4_000_000), 'ends within the tokens'],
    ['two streams', changed(at.streams, 2), '2 streams'],
    ['more cells than bytes', changed(at.cells, 4_000_000), '4000000 cells for 6 tokens'],
    ['a position twice', changed(at.cell + 12, 0), 'each position once'],
    ['a position that is not there', changed(at.cell, 6), 'each position once'],
    ['a negative position', changed(at.cell, 0xffffffff), 'each position once'],
    ['a cell of two sequences', changed(at.cell + 4, 2), 'not of one sequence'],
    ['transposed values', changed(at.transposed, 1), 'transposed'],
    ['a million layers', changed(at.layers, 1_000_000), 'layers is 1000000'],
    ['rows of 2^40 bytes', changed(at.layers + 12, 0x100), 'a row of keys'],
    ['a layer of values alone', stateFile(aState(inOrder(6), half)), 'layer 1 has keys without values'],
    ['layers of nothing', stateFile(aState(inOrder(6), [nothing, nothing])), 'no layer of it has keys'],
    ['rows of half a value', changed(at.layers + 8, 5), '5 B are no row of F16'],
    ['a type that nobody has', changed(at.layers + 4, 1_000), 'is 1000, which is not known'],
    ['a type that no cache has', changed(at.layers + 4, 2), 'is 2, which is not known'],
    ['cells without layers', changed(at.layers, 0).subarray(0, at.layers + 4), '6 cells, and no layer'],
    ['fewer tokens than cells', stateFile({ ...aState(inOrder(6)), tokens: [1, 2] }), '6 cells for 2 tokens'],
    ['tokens without cells', stateFile({ ...aState([]), tokens: [1, 2] }), '0 cells for 2 tokens'],
    ['a byte too much', joined([whole, Uint8Array.of(0)]), '1 bytes follow'],
    ['nothing', new Uint8Array(0), 'ends within the magic number'],
  ])('%s', (_what, bytes, message) => {
    expect(() => parseState(bytes)).toThrow(
      expect.objectContaining({
        code: 'engine_failed',
        message: expect.stringContaining(message) as string,
      }),
    )
  })

  test('cut anywhere, it is refused and never read beyond its end', () => {
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => parseState(whole.subarray(0, length)), `${length} bytes`).toThrow(SkyError)
    }
  })

  test('forged anywhere, it is refused or harmless', () => {
    const forgery = fc.tuple(
      fc.nat({ max: whole.byteLength - 4 }),
      fc.oneof(fc.nat(), fc.constantFrom(0xffffffff, 0x7fffffff, 0x80000000, 1)),
    )
    fc.assert(
      fc.property(fc.array(forgery, { minLength: 1, maxLength: 4 }), (forgeries) => {
        const bytes = whole.slice()
        for (const [offset, value] of forgeries) new DataView(bytes.buffer).setUint32(offset, value, true)
        try {
          const state = parseState(bytes)
          if (state.cellOfPosition.length >= 2) sliceBlock(state, bytes, 0, 2)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SkyError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('any bytes at all are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => parseState(bytes)).toThrow(SkyError)
      }),
    )
  })

  test('a block that it does not hold', () => {
    const state = parseState(whole)
    expect(() => sliceBlock(state, whole, 1, 4)).toThrow('6 positions, not block 1 of 4')
  })

  test.each([
    [-1, 4],
    [0.5, 4],
    [NaN, 4],
    [0, 0],
    [0, -4],
    [0, 1.5],
  ])('block %d of %d tokens', (block, blockTokens) => {
    expect(() => sliceBlock(parseState(whole), whole, block, blockTokens)).toThrow('there is no block')
  })

  test('the bytes of another file', () => {
    const state = parseState(whole)
    const other = stateFile(aState(inOrder(4)))
    expect(() => sliceBlock(state, other, 0, 2)).toThrow('are given')
    expect(() => sliceBlock(state, new Uint8Array(0), 0, 2)).toThrow('0 B are given')
  })

  test('a state of another model or prompt', () => {
    const state = parseState(whole)
    const prompt = [...state.tokens.slice(0, 5)]
    checkState(state, layout, prompt)
    checkState(state, layout, [...state.tokens])
    const [first, second] = layout as [LayerLayout, LayerLayout]
    for (const other of [[first], [second, first], [{ ...first, keyType: 0 }, second]]) {
      expect(() => checkState(state, other, prompt)).toThrow('another layout')
    }
    expect(() => checkState(state, layout, [...state.tokens, 7])).toThrow('6 tokens of a prompt of 7')
    expect(() => checkState(state, layout, [...prompt.slice(0, 4), 7])).toThrow(
      'token 4 is 1004 instead of 7',
    )
    // Shifted by one, as llama.cpp would when its context was full.
    expect(() => checkState(state, layout, prompt.slice(1))).toThrow('token 0 is 1000 instead of 1001')
  })

  test('blocks of another length, or for other tokens', () => {
    const block = new Uint8Array(4 * bytesPerToken(layout))
    expect(() => assembleState(layout, [1, 2, 3, 4], [block.subarray(1)], 4)).toThrow('block 0 has 447 B')
    expect(() => assembleState(layout, [1, 2, 3], [block], 4)).toThrow('3 tokens are not 1 blocks of 4')
    expect(() => assembleState(layout, [1, 2, 3, 4], [], 4)).toThrow('4 tokens are not 0 blocks')
  })
})
