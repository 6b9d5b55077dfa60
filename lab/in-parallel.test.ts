import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inParallel } from './in-parallel'

/** Let so many turns of the event loop pass. */
async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn()
}

it('answers in the order of what was asked, whatever ends first, and never does more at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { maxLength: 12 }),
      fc.integer({ min: 1, max: 6 }),
      async (lengths, atOnce) => {
        let running = 0
        let most = 0
        const answers = await inParallel([...lengths.entries()], atOnce, async ([index, length]) => {
          most = Math.max(most, ++running)
          await turns(length)
          running--
          return index
        })
        expect(answers).toEqual([...lengths.keys()])
        expect(most).toBe(Math.min(atOnce, lengths.length))
      },
    ),
    { numRuns: 50 },
  )
})

it('takes undefined for an item like any other', async () => {
  const seen: unknown[] = []
  await inParallel([undefined, 1, undefined], 1, async (item) => void seen.push(item))
  expect(seen).toEqual([undefined, 1, undefined])
})

it('begins nothing after a failure, and throws it once the work under way has ended', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    await turns(item === 1 ? 1 : 6)
    ended.push(item)
    if (item === 1) throw new Error('one failed')
  }
  await expect(inParallel([0, 1, 2, 3, 4], 3, work)).rejects.toThrow('one failed')
  expect(begun).toEqual([0, 1, 2])
  expect(ended).toEqual([1, 0, 2])
})

it('throws the failure that came first, also when another item is earlier in the row', async () => {
  const late = inParallel([4, 1], 2, async (length) => {
    await turns(length)
    throw new Error(`failed after ${length}`)
  })
  await expect(late).rejects.toThrow('failed after 1')
})
