import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node'
import { z } from 'zod'
import { SkyError } from './errors'
import { connect, serve, type Contract, type Handlers } from './rpc'

const contract = {
  methods: {
    half: { params: z.object({ of: z.int() }), result: z.object({ value: z.int() }) },
    wait: { params: z.object({}), result: z.null() },
  },
  events: { tick: z.object({ n: z.int() }) },
} satisfies Contract
type Halves = typeof contract

/** Two ends of a connection as a stream makes it. */
function aConnection(): { ours: MessageConnection; theirs: MessageConnection; cut: () => void } {
  const [there, back] = [new PassThrough(), new PassThrough()]
  const ours = createMessageConnection(new StreamMessageReader(back), new StreamMessageWriter(there))
  const theirs = createMessageConnection(new StreamMessageReader(there), new StreamMessageWriter(back))
  const cut = (): void => {
    for (const end of [ours, theirs]) end.dispose()
    for (const stream of [there, back]) stream.destroy()
  }
  onTestFinished(cut)
  return { ours, theirs, cut }
}

function served(handlers: Partial<Handlers<Halves>> = {}) {
  const { ours, theirs, cut } = aConnection()
  const half = vi.fn(({ of }: { of: number }) => ({ value: of / 2 }))
  const emitter = serve(theirs, contract, { half, wait: () => null, ...handlers })
  const client = connect(ours, contract, 'the other side')
  theirs.listen()
  ours.listen()
  return { client, emitter, half, theirs, cut }
}

describe('a call', () => {
  it('is answered', async () => {
    const { client } = served()
    expect(await client.call('half', { of: 8 })).toEqual({ value: 4 })
    expect(await client.call('wait', {})).toBeNull()
  })

  it('with wrong arguments does not reach its handler', async () => {
    const { client, half } = served()
    await expect(client.call('half', { of: 'eight' } as never)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^half: of: /) as string,
    })
    expect(half).not.toHaveBeenCalled()
  })

  it('with a wrong answer fails: no side trusts the other', async () => {
    const { client } = served()
    await expect(client.call('half', { of: 3 })).rejects.toMatchObject({
      code: 'protocol_error',
      message: expect.stringMatching(/^the other side answered half with value: /) as string,
    })
  })

  it('to one who does not speak in envelopes fails', async () => {
    const { ours, theirs } = aConnection()
    theirs.onRequest('half', () => ({ value: 4 }))
    const client = connect(ours, contract, 'a stranger')
    theirs.listen()
    ours.listen()
    await expect(client.call('half', { of: 8 })).rejects.toMatchObject({
      code: 'protocol_error',
      message: expect.stringContaining('a stranger answered half') as string,
    })
  })

  it('fails with the code, the message, the hint and the details of what was thrown', async () => {
    const failure = new SkyError('storage_full', 'The disk is full', 'Free some space.', { path: '/data' })
    const { client } = served({
      wait: () => {
        throw failure
      },
      half: async () => {
        throw new TypeError('x is not a function')
      },
    })
    await expect(client.call('wait', {})).rejects.toEqual(failure)
    await expect(client.call('wait', {})).rejects.toMatchObject({
      hint: failure.hint,
      details: failure.details,
    })
    await expect(client.call('half', { of: 2 })).rejects.toMatchObject({
      code: 'internal',
      message: 'x is not a function',
    })
  })

  it('fails when the connection is lost', async () => {
    const { client, cut } = served({ wait: () => new Promise(() => undefined) })
    const waiting = client.call('wait', {})
    await new Promise(setImmediate)
    cut()
    await expect(waiting).rejects.toMatchObject({
      code: 'connection_lost',
      message: expect.stringContaining('the other side was lost during wait') as string,
    })
  })

  it('tells its handler also when it was cancelled before the handler began', async () => {
    const handler: Handlers<Halves>['wait'] = (_, context) =>
      new Promise((_resolve, reject) => {
        context.onCancelled(() => reject(new SkyError('cancelled', 'as asked')))
      })
    const { client } = served({ wait: handler })
    const cancel = new AbortController()
    // The first keeps the other side from reading on; the cancellations of both arrive together.
    const waiting = [client.call('wait', {}, cancel.signal), client.call('wait', {}, cancel.signal)]
    cancel.abort()
    for (const each of waiting)
      await expect(each).rejects.toMatchObject({ code: 'cancelled', message: 'as asked' })
  })

  it('tells its handler when it is cancelled', async () => {
    const { client } = served({
      wait: (_params, context) =>
        new Promise((_, reject) => {
          context.onCancelled(() =>
            reject(new SkyError('cancelled', context.isCancelled() ? 'as asked' : 'for no reason')),
          )
        }),
    })
    const controller = new AbortController()
    const waiting = client.call('wait', {}, controller.signal)
    await new Promise(setImmediate)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled', message: 'as asked' })
  })
})

describe('events', () => {
  it('reach every listener until it unsubscribes', async () => {
    const { client, emitter } = served()
    const [one, two]: number[][] = [[], []]
    const stop = client.on('tick', ({ n }) => one?.push(n))
    client.on('tick', ({ n }) => two?.push(n))
    emitter.emit('tick', { n: 1 })
    await client.call('wait', {})
    stop()
    emitter.emit('tick', { n: 2 })
    await client.call('wait', {})
    expect([one, two]).toEqual([[1], [1, 2]])
  })

  it('that are not as the contract says are left out', async () => {
    const { client, emitter } = served()
    const heard: number[] = []
    client.on('tick', ({ n }) => heard.push(n))
    emitter.emit('tick', { n: 'one' } as never)
    emitter.emit('tick', { n: 2 })
    await client.call('wait', {})
    expect(heard).toEqual([2])
  })
})
