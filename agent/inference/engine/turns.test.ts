import { expect, test } from 'vitest'
import { Turns } from './turns'

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const forever = new AbortController().signal

test('turns come one after another, in the order in which they were asked for', async () => {
  const turns = new Turns()
  const order: string[] = []
  const take = async (name: string): Promise<() => void> => {
    const end = await turns.take(forever)
    order.push(name)
    return end
  }
  const [first, second, third] = [take('first'), take('second'), take('third')]
  await tick()
  expect(order).toEqual(['first'])
  ;(await first)()
  await tick()
  expect(order).toEqual(['first', 'second'])
  ;(await second)()
  ;(await third)()
  expect(order).toEqual(['first', 'second', 'third'])
})

test('who gives up waiting leaves the queue, and nobody behind waits for him', async () => {
  const turns = new Turns()
  const end = await turns.take(forever)
  const impatient = new AbortController()
  const gone = turns.take(impatient.signal)
  const next = turns.take(forever)
  impatient.abort(new Error('enough'))
  await expect(gone).rejects.toThrow('enough')
  end()
  ;(await next)()
})

test('a turn that comes to somebody who has just left is passed on', async () => {
  const turns = new Turns()
  const end = await turns.take(forever)
  const leaving = new AbortController()
  const gone = turns.take(leaving.signal)
  end()
  leaving.abort(new Error('gone'))
  await expect(gone).rejects.toThrow('gone')
  const late = await turns.take(forever)
  late()
})

test('who comes too late takes no turn', async () => {
  const turns = new Turns()
  await expect(turns.take(AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
  ;(await turns.take(forever))()
})
