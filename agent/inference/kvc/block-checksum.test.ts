import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { blockChecksum, hasChecksum } from './block-checksum'

const hash = randomBytes(32)

describe('the checksum of a block', () => {
  test('is 16 bytes, the same for the same block', () => {
    const block = randomBytes(1_000)
    expect(blockChecksum(hash, block)).toHaveLength(16)
    expect(hasChecksum(hash, block, blockChecksum(hash, block))).toBe(true)
  })

  test('a flipped bit anywhere is noticed', () => {
    const block = randomBytes(100)
    const right = blockChecksum(hash, block)
    for (let bit = 0; bit < 800; bit++) {
      block[bit >> 3] = (block[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(hasChecksum(hash, block, right)).toBe(false)
      block[bit >> 3] = (block[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    }
  })

  test('so are swapped chunks, a cut end, and the bytes of another block', () => {
    const [a, b] = [randomBytes(32), randomBytes(32)]
    const right = blockChecksum(hash, Buffer.concat([a, b]))
    expect(hasChecksum(hash, Buffer.concat([b, a]), right)).toBe(false)
    expect(hasChecksum(hash, a, right)).toBe(false)
    expect(hasChecksum(randomBytes(32), Buffer.concat([a, b]), right)).toBe(false)
  })
})
