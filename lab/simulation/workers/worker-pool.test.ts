import { describe, expect, it, onTestFinished } from 'vitest'
import { workerBundle } from '#lab/testing/worker-bundle'
import { runInOrder } from './run-in-order'
import type { TestTasks } from './testing/test-worker'
import { WorkerPool, type WorkerPoolOptions } from './worker-pool'

const workerEntry = await workerBundle('lab/simulation/workers/testing/test-worker.ts')

function poolUnderTest(options: Partial<WorkerPoolOptions> = {}): WorkerPool<TestTasks> {
  const pool = new WorkerPool<TestTasks>({ workerEntry, threads: 2, ...options })
  onTestFinished(() => pool.close())
  return pool
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

describe('WorkerPool', { timeout: 30_000 }, () => {
  it('runs a task in a thread', async () => {
    expect(await poolUnderTest().run('double', 21)).toBe(42)
  })

  it('runs more tasks than it has threads', async () => {
    const pool = poolUnderTest()
    const values = Array.from({ length: 50 }, (_, index) => index)
    const doubled = await Promise.all(values.map((value) => pool.run('double', value)))
    expect(doubled).toEqual(values.map((value) => 2 * value))
  })

  it('tells progress, and ends when the signal says so', async () => {
    const stop = new AbortController()
    const heard: number[] = []
    const onProgress = ({ ticks }: { ticks: number }): void => {
      if (heard.push(ticks) === 3) stop.abort()
    }
    const running = poolUnderTest().run('endless', null, { signal: stop.signal, onProgress })
    await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'endless was cancelled' })
    expect(heard.length).toBeGreaterThanOrEqual(3)
    expect(heard).toEqual(heard.toSorted((a, b) => a - b))
  })

  it('ends a task that holds its thread, and goes on with another thread', async () => {
    const pool = poolUnderTest({ threads: 1 })
    const stop = new AbortController()
    const spinning = pool.run('spin', undefined, { signal: stop.signal })
    const waiting = pool.run('double', 4)
    setTimeout(() => stop.abort(), 50)
    await expect(spinning).rejects.toMatchObject({ code: 'cancelled' })
    expect(await waiting).toBe(8)
  })

  it('does not start what is cancelled before its turn', async () => {
    await expect(poolUnderTest().run('double', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })

  it('keeps code, hint and details of an error', async () => {
    await expect(poolUnderTest().run('refuse', 7)).rejects.toMatchObject({
      name: 'SkyError',
      code: 'invalid_argument',
      message: 'line 7 is bad',
      hint: 'Mend it.',
      details: { line: 7 },
    })
  })

  it('says what an unexpected error was, and stays usable', async () => {
    const pool = poolUnderTest()
    await expect(pool.run('fail', undefined as never)).rejects.toMatchObject({
      code: 'internal',
      message: 'out of luck',
    })
    await expect(pool.run('die', undefined as never)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('the thread of die ended') as string,
    })
    expect(await pool.run('double', 3)).toBe(6)
  })

  it('survives a task that wants too much memory', async () => {
    const pool = poolUnderTest({ heapLimitMb: 32 })
    await expect(pool.run('hoard', undefined as never)).rejects.toMatchObject({
      code: 'internal',
      hint: expect.stringContaining('more memory') as string,
    })
    expect(await pool.run('double', 3)).toBe(6)
  })

  it('refuses a file that is not there', () => {
    expect(() => poolUnderTest({ workerEntry: '/nowhere/worker.mjs' })).toThrow(/missing: \/nowhere/)
  })

  it('cancels what runs when it is closed', async () => {
    const pool = poolUnderTest()
    const running = expect(pool.run('endless', null)).rejects.toMatchObject({ code: 'cancelled' })
    await pool.run('double', 1)
    await pool.close()
    await running
    await expect(pool.run('double', 1)).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('runInOrder', { timeout: 30_000 }, () => {
  const slowFirst = [90, 60, 30, 0, 20, 0].map((ms, index) => ({ ms, value: `value ${index}` }))

  it.each([1, 2, 3])('gives results in the order of the inputs with %i threads', async (threads) => {
    const pool = poolUnderTest({ threads })
    expect(await collect(runInOrder(pool, 'later', slowFirst))).toEqual(slowFirst.map(({ value }) => value))
  })

  it('takes inputs only as results are taken', async () => {
    let taken = 0
    function* inputs(): Generator<number> {
      for (; ; taken++) yield taken
    }
    const pool = poolUnderTest({ threads: 1 })
    for await (const result of runInOrder(pool, 'double', inputs())) {
      expect(result).toBeGreaterThanOrEqual(0)
      expect(taken - result / 2).toBeLessThanOrEqual(3)
      if (result === 40) break
    }
    expect(taken).toBeLessThan(25)
  })

  it('ends at the first error', async () => {
    await expect(collect(runInOrder(poolUnderTest(), 'refuse', [1, 2, 3]))).rejects.toMatchObject({
      message: 'line 1 is bad',
    })
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 60)
    const running = collect(runInOrder(poolUnderTest(), 'endless', [null, null, null], stop.signal))
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
  })
})
