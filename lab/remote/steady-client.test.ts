import { describe, expect, it } from 'vitest'
import type { inferenceControl } from '#shared/contract/agent-control'
import { SkyError, type ErrorCode } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { SteadyClient } from './steady-client'

type Control = typeof inferenceControl
type Listener = (payload: never) => void

/** A connection that answers as told, and can send events. */
function aConnection(answer: () => Promise<unknown> = () => Promise.resolve(null)) {
  const calls: [string, unknown][] = []
  const listeners: Listener[] = []
  const client = {
    call: (method: string, params: unknown) => {
      calls.push([method, params])
      return answer()
    },
    on: (_event: string, listener: Listener) => listeners.push(listener),
  } as unknown as Client<Control>
  const send = (trialKey: string): void =>
    listeners.forEach((listener) => listener({ trialKey, entries: [] } as never))
  return { client, calls, send, listeners }
}

const failing = (code: ErrorCode) => () => Promise.reject(new SkyError(code, 'as told'))

/** A client over connections in turn: the next one is there when the one before has failed. */
function over(...connections: { client: Client<Control> }[]) {
  let asked = 0
  const client = new SteadyClient<Control>(() => {
    const next = connections[asked++]
    return next ? Promise.resolve(next.client) : Promise.reject(new SkyError('host_down', 'there is none'))
  })
  return { client, asked: () => asked }
}

describe('a call', () => {
  it('is made again, with the same words, when its connection was lost before the answer came', async () => {
    const lost = aConnection(failing('connection_lost'))
    const next = aConnection(() => Promise.resolve({ documents: 3 }))
    const { client } = over(lost, lost, next)
    const params = { from: 0, documents: [] }
    expect(await client.call('loadDocuments', params)).toEqual({ documents: 3 })
    expect(next.calls).toEqual([['loadDocuments', params]])
    expect(lost.calls).toEqual([
      ['loadDocuments', params],
      ['loadDocuments', params],
    ])
  })

  it.each(['invalid_argument', 'timeout', 'host_down'] as const)(
    'that was answered with %s is not',
    async (code) => {
      const { client, asked } = over(aConnection(failing(code)), aConnection())
      await expect(client.call('pauseTrial', {})).rejects.toMatchObject({ code })
      expect(asked()).toBe(1)
    },
  )

  it('fails once there will be no connection any more', async () => {
    const { client } = over(aConnection(failing('connection_lost')))
    await expect(client.call('pauseTrial', {})).rejects.toMatchObject({ code: 'host_down' })
  })

  it('that nobody waits for is not made again', async () => {
    const ending = new AbortController()
    const lost = aConnection(() => {
      ending.abort()
      return failing('connection_lost')()
    })
    const { client, asked } = over(lost, aConnection())
    await expect(client.call('pauseTrial', {}, ending.signal)).rejects.toMatchObject({
      code: 'connection_lost',
    })
    expect(asked()).toBe(1)
  })
})

describe('events', () => {
  it('come from whichever connection there is, to whoever listens, once', () => {
    const { client } = over()
    const [first, second] = [aConnection(), aConnection()]
    const heard: string[] = []
    client.on('records', ({ trialKey }) => heard.push(`a ${trialKey}`))
    client.attach(first.client)
    first.send('1')
    const stop = client.on('records', ({ trialKey }) => heard.push(`b ${trialKey}`))
    first.send('2')
    client.attach(second.client)
    second.send('3')
    stop()
    second.send('4')
    expect(heard).toEqual(['a 1', 'a 2', 'b 2', 'a 3', 'b 3', 'a 4'])
    expect([first.listeners.length, second.listeners.length]).toEqual([1, 1])
  })

  it('are heard by one who begins to listen on a connection that is there already', () => {
    const { client } = over()
    const connection = aConnection()
    client.attach(connection.client)
    const heard: string[] = []
    client.on('records', ({ trialKey }) => heard.push(trialKey))
    connection.send('1')
    expect(heard).toEqual(['1'])
  })
})
