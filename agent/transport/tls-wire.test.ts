import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestAuthority, writeIdentity } from '../testing/test-authority'
import { packetOf, testHost, topologyOf, type TestHost } from '../testing/test-host'
import { plainWire } from './wire'
import { readTlsIdentity, tlsWire, type TlsIdentity } from './tls-wire'

let authority: TestAuthority
const identities = new Map<string, TlsIdentity>()
const identity = (hostId: string): TlsIdentity => identities.get(hostId) as TlsIdentity
beforeAll(async () => {
  authority = await TestAuthority.create()
  for (const hostId of ['nuc1', 'nuc2']) identities.set(hostId, await authority.issue(hostId))
})

const open: TestHost[] = []
afterEach(() => {
  for (const host of open.splice(0)) host.transport.close()
})

function host(hostId: string, shown = identity(hostId)): TestHost {
  const made = testHost(hostId, tlsWire(shown))
  open.push(made)
  return made
}

/** nuc2 waits for nuc1, which dials it with what `shown` says, or plainly. */
async function dialled(shown: TlsIdentity | null, token?: string): Promise<{ a: TestHost; b: TestHost }> {
  const b = host('nuc2')
  const a = shown === null ? testHost('nuc1', plainWire) : host('nuc1', shown)
  open.push(a)
  const ports = [9, await b.transport.listen('127.0.0.1', 0)]
  b.transport.configure(topologyOf(ports))
  a.transport.configure(topologyOf(ports, token))
  return { a, b }
}

/** The first line of nuc2's log, once it has refused somebody. */
async function refusal(shown: TlsIdentity | null, token?: string): Promise<string> {
  const { a, b } = await dialled(shown, token)
  await b.until('log')
  expect(a.transport.connectedPeers()).toEqual([])
  expect(b.transport.connectedPeers()).toEqual([])
  return b.lines.join()
}

describe('mutual TLS between hosts', () => {
  test('hosts of one lab share a connection, both ways', async () => {
    const { a, b } = await dialled(identity('nuc1'))
    await Promise.all([a.until('+nuc2'), b.until('+nuc1')])
    const body = [Buffer.alloc(3_000_000, 7), Buffer.alloc(100_000, 8)]
    expect(a.transport.send('nuc2', packetOf(1, body), { slot: 0, plane: 1 })).toBe(true)
    expect(b.transport.send('nuc1', packetOf(2, body), { slot: 0, plane: 0 })).toBe(true)
    await Promise.all([a.until('packet'), b.until('packet')])
    for (const { received } of [a, b]) {
      expect(Buffer.concat(received[0]?.body ?? []).equals(Buffer.concat(body))).toBe(true)
    }
  })

  test('a certificate of another authority, even of the same name, is refused', async () => {
    const other = await TestAuthority.create()
    const stranger = { ...(await other.issue('nuc1')), authority: authority.pem }
    expect(await refusal(stranger)).toContain('from 127.0.0.1 closed: its certificate is refused')
  })

  test('an expired certificate is refused', async () => {
    const expired = await authority.issue('nuc1', { notAfter: new Date(Date.now() - 1_000) })
    expect(await refusal(expired)).toContain('its certificate is refused (CERT_HAS_EXPIRED)')
  })

  test('the certificate of another host is refused, with whose it is', async () => {
    expect(await refusal(await authority.issue('nuc7'))).toContain(
      'the certificate of nuc7 that this host was not told about',
    )
  })

  test('a caller in clear is refused', async () => {
    expect(await refusal(null)).toContain('from 127.0.0.1 closed: no TLS 1.3 with a certificate of the lab')
  })

  test('the token is asked for as well', async () => {
    expect(await refusal(identity('nuc1'), 'some other token altogether')).toContain('not told about')
  })

  test.each<[string, () => ConnectionOptions, RegExp]>([
    ['TLS 1.2', () => ({ ...tlsOptions('nuc1'), maxVersion: 'TLSv1.2' }), /no TLS 1.3/],
    [
      'no certificate',
      () => ({ ca: [authority.pem] }),
      /certificate is refused|did not return a certificate/i,
    ],
  ])('a caller with %s is refused', async (_what, options, reason) => {
    const b = host('nuc2')
    const port = await b.transport.listen('127.0.0.1', 0)
    b.transport.configure(topologyOf([9, port]))
    const socket = connectTls({ host: '127.0.0.1', port, servername: 'nuc2', ...options() })
    socket.on('error', () => undefined)
    await b.until('log')
    expect(b.lines.join()).toMatch(reason)
    expect(b.lines.join()).toContain('from 127.0.0.1')
    socket.destroy()
  })

  test('a caller who says nothing at all is turned away in time', async () => {
    const b = host('nuc2')
    const port = await b.transport.listen('127.0.0.1', 0)
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'close')
    expect(b.lines.join()).toContain('no TLS 1.3')
  })

  test('who dials refuses a host that is not the one that was meant, or of another lab', async () => {
    const impostor = await authority.issue('nuc7')
    const other = await TestAuthority.create('another lab')
    for (const [shown, reason] of [
      [impostor, 'connection to nuc2 .* closed: it shows the certificate of nuc7'],
      [await other.issue('nuc2'), 'connection to nuc2 .* closed: .*certificate'],
    ] as const) {
      const b = host('nuc2', shown)
      const a = host('nuc1')
      const ports = [9, await b.transport.listen('127.0.0.1', 0)]
      b.transport.configure(topologyOf(ports))
      a.transport.configure(topologyOf(ports))
      await a.until('log')
      expect(a.lines.join()).toMatch(new RegExp(reason))
      expect(a.transport.connectedPeers()).toEqual([])
    }
  })

  test('a name among the DNS names counts as much as the common name', async () => {
    const { a, b } = await dialled(await authority.issue('a nice computer', { alternatives: ['x', 'nuc1'] }))
    await Promise.all([a.until('+nuc2'), b.until('+nuc1')])
  })

  function tlsOptions(hostId: string): ConnectionOptions {
    const { certificate, key } = identity(hostId)
    return { ca: [authority.pem], cert: certificate, key }
  }
})

describe('the identity of a host', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sky-tls-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('is read from its files', () => {
    const files = writeIdentity(directory, identity('nuc1'))
    expect(readTlsIdentity(files, 'nuc1')).toEqual(identity('nuc1'))
  })

  test.each<[string, (files: ReturnType<typeof writeIdentity>) => string, RegExp]>([
    ['a certificate that is not there', (files) => (rmSync(files.certificate), files.certificate), /ENOENT/],
    ['a key that is none', (files) => (writeFileSync(files.key, 'x'), files.key), /key.pem cannot be used/],
    [
      'the key of another host',
      (files) => (writeFileSync(files.key, identity('nuc2').key), files.key),
      /mismatch/,
    ],
    [
      'an authority that is none',
      (files) => (writeFileSync(files.authority, ''), files.authority),
      /ca.pem cannot/,
    ],
  ])('with %s names the file', (_what, spoil, reason) => {
    const files = writeIdentity(directory, identity('nuc1'))
    const file = spoil(files)
    expect(() => readTlsIdentity(files, 'nuc1')).toThrow(
      expect.objectContaining({ code: 'unauthorised', message: expect.stringContaining(file) as string }),
    )
    expect(() => readTlsIdentity(files, 'nuc1')).toThrow(reason)
  })

  test('of another host is refused at the start', () => {
    const files = writeIdentity(directory, identity('nuc2'))
    expect(() => readTlsIdentity(files, 'nuc1')).toThrow('it is the certificate of nuc2, not of nuc1')
  })
})
