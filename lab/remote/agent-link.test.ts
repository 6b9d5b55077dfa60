import { duplexPair, type Duplex } from 'node:stream'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentProtocolVersion, type Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { SatelliteClient } from '../hosts/lab-hosts'
import type { HostLayout } from '../provisioning/host-layout'
import type { SshSession } from '../ssh/ssh-session'
import { openAgentLink, openControlStream } from './agent-link'

const hello: Hello = {
  role: 'satellite',
  hostId: 'nuc1',
  version: '1.2.3',
  protocolVersion: agentProtocolVersion,
  nodeVersion: '22.0.0',
  pid: 7,
  startedAt: 1,
  dataPort: 7420,
  hardware: { cpu: '', cores: 1, memoryBytes: 1, kernel: '', architecture: 'x64', hostname: 'nuc1' },
  bootId: '',
}
const expected = { host: 'nuc1', role: 'satellite', agentVersion: '1.2.3' } as const

/** A way to an agent that greets like this; null = it never answers. */
function anAgent(greeting: unknown): { near: Duplex; far: Duplex } {
  const [near, far] = duplexPair()
  const connection = createMessageConnection(new StreamMessageReader(far), new StreamMessageWriter(far))
  connection.onRequest('hello', () =>
    greeting === null ? new Promise(() => undefined) : { ok: true, value: greeting },
  )
  connection.onRequest('counters', () => new Promise(() => undefined))
  connection.listen()
  onTestFinished(() => void far.destroy())
  return { near, far }
}

describe('a link to an agent', () => {
  it('begins with its greeting, and fails what waits when the way is lost', async () => {
    const { near, far } = anAgent(hello)
    const link = await openAgentLink(near, expected)
    expect(link.hello).toEqual(hello)
    const waiting = (link.client as SatelliteClient).call('counters', {})
    far.destroy()
    near.destroy()
    await link.closed
    await expect(waiting).rejects.toMatchObject({ code: 'connection_lost' })
  })

  it.each([
    ['another protocol', { protocolVersion: agentProtocolVersion + 1 }, /speaks version \d+ of the control/],
    ['an older agent', { version: '1.2.2' }, /is version 1\.2\.2, this console version 1\.2\.3/],
    ['a newer agent', { version: '2.0.0' }, /is version 2\.0\.0, this console/],
    ['another role', { role: 'inference' }, /is a inference host, the inventory has it as satellite host/],
  ])('is refused for %s, with what brings the fitting one', async (_, change, message) => {
    const { near } = anAgent({ ...hello, ...change })
    await expect(openAgentLink(near, expected)).rejects.toMatchObject({
      code: 'version_skew',
      message: expect.stringMatching(message) as string,
      hint: expect.stringContaining('Apply the lab again') as string,
      details: { host: 'nuc1' },
    })
    expect(near.destroyed).toBe(true)
  })

  it('counts as down when the greeting is none, or the way ends before it', async () => {
    const strange = anAgent({ who: 'knows' })
    await expect(openAgentLink(strange.near, expected)).rejects.toMatchObject({ code: 'host_down' })
    expect(strange.near.destroyed).toBe(true)
    const gone = anAgent(null)
    const opening = openAgentLink(gone.near, expected)
    gone.near.destroy()
    await expect(opening).rejects.toMatchObject({ code: 'host_down' })
  })
})

describe('the way to a control socket', () => {
  const layout = { controlSocket: '/run/x.sock', node: '/node', entry: '/agent.mjs' } as HostLayout
  const session = (code: 'unreachable' | 'not_supported' | 'connection_lost') => {
    const started: (readonly string[])[] = []
    const [stdin] = duplexPair()
    const [stdout] = duplexPair()
    const value = {
      host: 'nuc1',
      connectToUnixSocket: () => Promise.reject(new SkyError(code, 'as told')),
      start: (argv: readonly string[]) => {
        started.push(argv)
        return Promise.resolve({ stdin, stdout, exited: new Promise(() => undefined) })
      },
    } as unknown as SshSession
    return { value, started }
  }

  it('is a program on the host where forwarding is forbidden', async () => {
    const { value, started } = session('not_supported')
    const stream = await openControlStream(value, layout)
    onTestFinished(() => void stream.destroy())
    expect(started).toEqual([['/node', '/agent.mjs', 'bridge', '--control', '/run/x.sock']])
  })

  it('does not exist where nobody listens; a lost connection is told as that', async () => {
    const nobody = session('unreachable')
    await expect(openControlStream(nobody.value, layout)).rejects.toMatchObject({ code: 'host_down' })
    const lost = session('connection_lost')
    await expect(openControlStream(lost.value, layout)).rejects.toMatchObject({ code: 'connection_lost' })
    expect([...nobody.started, ...lost.started]).toEqual([])
  })
})
