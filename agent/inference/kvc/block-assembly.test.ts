import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockAssembly } from './block-assembly'

describe('block assembly', () => {
  test('puts chunks together in any order and in any pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.infiniteStream(fc.nat()),
        (length, chunkBytes, piece, picks) => {
          const block = randomBytes(length)
          const target = Buffer.alloc(length)
          const assembly = new BlockAssembly(target, chunkBytes)
          const chunks = Array.from({ length: Math.ceil(length / chunkBytes) }, (_, i) => i)
          while (chunks.length > 0) {
            const [index] = chunks.splice(picks.next().value % chunks.length, 1) as [number]
            const chunk = block.subarray(index * chunkBytes, (index + 1) * chunkBytes)
            for (let at = 0; at < chunk.length; at += piece)
              assembly.write(index, at, chunk.subarray(at, at + piece))
            expect(assembly.isComplete(index)).toBe(true)
          }
          expect(target.equals(block)).toBe(true)
          expect(assembly.receivedBytes).toBe(length)
        },
      ),
    )
  })

  test('a chunk that was cut off starts anew, and what does not fit is ignored', () => {
    const target = Buffer.alloc(20)
    const assembly = new BlockAssembly(target, 10)
    assembly.write(0, 0, Buffer.alloc(6, 1))
    assembly.write(0, 0, Buffer.alloc(10, 2))
    expect(assembly.isComplete(0)).toBe(true)
    expect(target.subarray(0, 10).every((byte) => byte === 2)).toBe(true)
    assembly.write(7, 0, Buffer.alloc(10, 3))
    assembly.write(1, 4, Buffer.alloc(2, 3))
    assembly.write(1, 0, Buffer.alloc(11, 3))
    expect(assembly.isComplete(1)).toBe(false)
    expect(target.subarray(10).every((byte) => byte === 0)).toBe(true)
  })
})
