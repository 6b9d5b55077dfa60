import { describe, expect, it } from 'vitest'
import { blackHole, portThatSays } from '../../testing/black-hole'
import { connectorTo, hostOf } from '../../testing/ssh-lab'
import { freePort, sshdMissing, startSshd, type TestSshd } from '../../testing/sshd'

const missing = sshdMissing()
if (missing) console.warn(`skipped: ${missing}`)

function jumpHost(server: TestSshd, name: string, changes: object = {}): object {
  const { address, port, user, clientKey } = server
  return { name, address, port, user, authentication: { kind: 'key', file: clientKey }, ...changes }
}

const aHost = (address: string, port = 22): object => ({
  role: 'inference',
  name: 'nuc1',
  address,
  port,
  user: 'lab',
})

const reaching = (host: object, jumps: object[] = [], signal?: AbortSignal) =>
  connectorTo([host], jumps).connect('nuc1', signal)

describe('a host that cannot be reached', () => {
  it('has a name that cannot be resolved', async () => {
    await expect(reaching(aHost('nuc1.invalid'))).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^The name nuc1\.invalid of nuc1 cannot be resolved/) as string,
      details: { lab: 'lab', target: 'nuc1' },
    })
  })

  it.each(['$(touch x)', `it's`, 'a b', '"'])('has a name that is none: %s', async (address) => {
    await expect(reaching(aHost(address))).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('has a closed port', async () => {
    const port = await freePort()
    await expect(reaching(aHost('127.0.0.1', port))).rejects.toMatchObject({
      code: 'unreachable',
      message: `nuc1 (127.0.0.1:${port}) refuses connections: nothing listens on port ${port}`,
      hint: expect.stringContaining('Start the SSH server') as string,
    })
  })

  it('answers nothing at all, and is given up after the limit', async ({ skip }) => {
    if (process.platform !== 'linux') return skip('such ports are made on Linux only')
    await expect(reaching(aHost('127.0.0.1', await blackHole()))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('did not answer within 10 s') as string,
      details: { target: 'nuc1', limitMs: 10_000 },
    })
  })

  it('accepts connections and then says nothing', async () => {
    await expect(reaching(aHost('127.0.0.1', await portThatSays('', 'is silent')))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining(
        'accepted the connection but did not exchange keys within 20 s',
      ) as string,
    })
  })

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['SSH-2.0-\x1b[31mred\r\n'],
    ['SSH-1.5-old\r\n'],
    ['x'.repeat(1_000_000)],
    [`${'\x1b[2J\r\n'.repeat(100_000)}`],
  ])('speaks something else than SSH: %j', async (bytes) => {
    const refusal = await reaching(aHost('127.0.0.1', await portThatSays(bytes, 'hangs up'))).catch(
      (error: unknown) => error,
    )
    expect(refusal).toMatchObject({ code: 'unreachable' })
    expect((refusal as Error).message).not.toMatch(/\p{Cc}/u)
  })

  it('is given up at once when that is cancelled', async () => {
    const cancel = new AbortController()
    const port = await portThatSays('', 'is silent')
    const connecting = reaching(aHost('127.0.0.1', port), [], cancel.signal)
    setTimeout(() => cancel.abort(), 50)
    await expect(connecting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(reaching(aHost('127.0.0.1', port), [], cancel.signal)).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})

describe.skipIf(missing)('jump hosts', () => {
  it('lead to a host, up to three in a chain, and end with its session', async () => {
    const [one, two, three, last] = await Promise.all([startSshd(), startSshd(), startSshd(), startSshd()])
    const host = hostOf(last, 'nuc1', { jump: ['one', 'two', 'three'] })
    const session = await reaching(host, [
      jumpHost(one, 'one'),
      jumpHost(two, 'two'),
      jumpHost(three, 'three'),
    ])
    expect(await session.run(['cat'], { stdin: 'x'.repeat(3_000_000) })).toMatchObject({ exitCode: 0 })
    const disconnected = [one, two, three, last].map(async (server) => {
      while (!/Received disconnect|Connection closed/.test(server.log()))
        await new Promise((resolve) => setTimeout(resolve, 20))
    })
    session.close()
    await Promise.all(disconnected)
  })

  it('may be down, or refuse the login: that is said of them', async () => {
    const [gate, last] = await Promise.all([startSshd(), startSshd()])
    const host = hostOf(last, 'nuc1', { jump: ['gate'] })
    const port = await freePort()
    await expect(reaching(host, [jumpHost(gate, 'gate', { port })])).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^gate .* refuses connections/) as string,
      details: { target: 'gate' },
    })
    const stranger = jumpHost(gate, 'gate', { authentication: { kind: 'password' } })
    await expect(reaching(host, [stranger])).rejects.toMatchObject({
      code: 'authentication_failed',
      details: { target: 'gate' },
    })
  })

  it('may not reach the host, or forbid it', async () => {
    const [gate, strict, last] = await Promise.all([
      startSshd(),
      startSshd({ config: ['AllowTcpForwarding no'] }),
      startSshd(),
    ])
    const port = await freePort()
    const gone = hostOf(last, 'nuc1', { jump: ['gate'], port })
    await expect(reaching(gone, [jumpHost(gate, 'gate')])).rejects.toMatchObject({
      code: 'unreachable',
      message: `The jump host gate cannot reach nuc1 at 127.0.0.1, port ${port}: Connection refused`,
      details: { target: 'nuc1', through: 'gate' },
    })
    await expect(
      reaching(hostOf(last, 'nuc1', { jump: ['gate'] }), [jumpHost(strict, 'gate')]),
    ).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('The jump host gate forbids connections to nuc1') as string,
    })
  })

  it('that are lost take the session with them', async () => {
    const [gate, last] = await Promise.all([startSshd(), startSshd()])
    const session = await reaching(hostOf(last, 'nuc1', { jump: ['gate'] }), [jumpHost(gate, 'gate')])
    const lost = new Promise<Error>((resolve) => session.onLost(resolve))
    await gate.dropConnections()
    expect(await lost).toMatchObject({ code: 'connection_lost', details: { host: 'nuc1' } })
  })
})
