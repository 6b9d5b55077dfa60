import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Places } from './places'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = new AbortController().signal

describe('places', () => {
  test('are given in the order of asking, never more than there are, whoever gives up in between', async () => {
    const step = fc.record({ kind: fc.constantFrom('ask', 'end', 'abort'), which: fc.nat(30) })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 40 }),
        async (count, steps) => {
          const places = new Places({ places: count, mostWaiting: 1_000 })
          const asked: { id: number; abort: AbortController; end?: () => void }[] = []
          const order: number[] = []
          for (const [id, { kind, which }] of steps.entries()) {
            if (kind === 'ask') {
              const one: (typeof asked)[number] = { id, abort: new AbortController() }
              asked.push(one)
              places.take(one.abort.signal).then(
                (end) => {
                  one.end = end
                  order.push(id)
                },
                () => undefined,
              )
            } else if (kind === 'end') asked[which % asked.length]?.end?.()
            else asked[which % asked.length]?.abort.abort(new Error('gone'))
            await settled()
            expect(places.running).toBeLessThanOrEqual(count)
            if (places.waiting > 0) expect(places.running).toBe(count)
          }
          expect(order).toEqual([...order].sort((a, b) => a - b))
          for (;;) {
            const holders = asked.filter((one) => one.end)
            for (const one of holders) one.end?.()
            await settled()
            if (asked.filter((one) => one.end).length === holders.length) break
          }
          expect([places.running, places.waiting]).toEqual([0, 0])
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a queue has an end', async () => {
    const places = new Places({ places: 1, mostWaiting: 1 })
    const end = await places.take(never)
    const second = places.take(never)
    expect(places.isFull).toBe(true)
    await expect(places.take(never)).rejects.toMatchObject({ code: 'conflict' })
    end()
    end()
    ;(await second)()
    expect(places.running).toBe(0)
  })

  test('who has gone already does not ask', async () => {
    const places = new Places({ places: 1, mostWaiting: 1 })
    await expect(places.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
    expect(places.running).toBe(0)
  })
})
