import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleRing } from './sample-ring'

describe('SampleRing', () => {
  it('keeps the last samples and their numbers', () => {
    const ring = new SampleRing(['x', 'y'], 3)
    for (let n = 0; n < 5; n++) ring.push({ x: n, y: n * 10 })
    expect([ring.oldest, ring.written]).toEqual([2, 5])
    expect([2, 3, 4].map((n) => ring.value('y', n))).toEqual([20, 30, 40])
  })

  it('has no value for what was overwritten or not pushed yet', () => {
    const ring = new SampleRing(['x'], 2)
    for (const x of [1, 2, 3]) ring.push({ x })
    expect(ring.value('x', 0)).toBeNaN()
    expect(ring.value('x', 3)).toBeNaN()
  })

  it('equals the tail of a list, for any capacity and length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.double({ noNaN: true })),
        (capacity, values) => {
          const ring = new SampleRing(['v'], capacity)
          for (const v of values) ring.push({ v })
          const kept = Array.from({ length: ring.written - ring.oldest }, (_, i) =>
            ring.value('v', ring.oldest + i),
          )
          expect(kept).toEqual(values.slice(-capacity))
        },
      ),
    )
  })

  it('refuses a capacity that holds nothing', () => {
    expect(() => new SampleRing(['x'], 0)).toThrow(RangeError)
  })
})
