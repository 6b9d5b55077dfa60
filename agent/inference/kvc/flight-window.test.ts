import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FlightWindow } from './flight-window'

describe('the flight window', () => {
  test('never lets more out than its limit, except for one request that is larger than it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 30 }), async (sizes) => {
        const window = new FlightWindow(100)
        let flying: number[] = []
        const order: number[] = []
        await Promise.all(
          sizes.map((size, i) =>
            window.run(size, async () => {
              flying.push(size)
              order.push(i)
              const total = flying.reduce((sum, one) => sum + one, 0)
              expect(total <= 100 || flying.length === 1).toBe(true)
              // Who is admitted counts from then on, even before its turn to run.
              expect(window.bytesInFlight).toBeGreaterThanOrEqual(total)
              expect(window.bytesInFlight <= 100 || flying.length === 1).toBe(true)
              await Promise.resolve()
              flying = flying.toSpliced(flying.indexOf(size), 1)
            }),
          ),
        )
        expect(order).toEqual(sizes.map((_, i) => i))
        expect(window.bytesInFlight).toBe(0)
      }),
    )
  })

  test('a failure gives its place back', async () => {
    const window = new FlightWindow(10)
    await expect(window.run(10, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(window.bytesInFlight).toBe(0)
    await expect(window.run(10, () => Promise.resolve('yes'))).resolves.toBe('yes')
  })
})
