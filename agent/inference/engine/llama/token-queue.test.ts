import { expect, test } from 'vitest'
import { TokenQueue } from './token-queue'

const token = (id: number) => ({ id, text: `t${id}` })

async function read(queue: TokenQueue): Promise<number[]> {
  const ids: number[] = []
  for await (const { id } of queue) ids.push(id)
  return ids
}

test('tokens are read in their order, whether they were there or come later', async () => {
  const queue = new TokenQueue()
  queue.push(token(1))
  const reading = read(queue)
  await queue.first()
  queue.push(token(2))
  await new Promise((resolve) => setImmediate(resolve))
  queue.push(token(3))
  queue.end()
  expect(await reading).toEqual([1, 2, 3])
})

test('an answer of no tokens has a first moment all the same', async () => {
  const queue = new TokenQueue()
  const first = queue.first()
  queue.end()
  await first
  expect(await read(queue)).toEqual([])
})

test('what failed is told after what was made before', async () => {
  const queue = new TokenQueue()
  queue.push(token(1))
  queue.fail(new Error('the model is gone'))
  queue.end()
  const seen: number[] = []
  await expect(
    (async () => {
      for await (const { id } of queue) seen.push(id)
    })(),
  ).rejects.toThrow('the model is gone')
  expect(seen).toEqual([1])
  const waiting = new TokenQueue()
  const first = waiting.first()
  waiting.fail(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
})
