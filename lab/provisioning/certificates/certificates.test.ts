import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { authorityFile, labAuthority } from './authority'
import { issueHost, type Identity } from './issue'
import { addDays } from './periods'
import { isAuthorityWorn, renewalReason } from './renewal'

const start = new Date('2026-03-01T12:00:00Z')
const authorityAt = (data: string, now = start, lab = 'rack') => labAuthority(data, lab, () => now)

/** Both ends of one handshake, or the error of the side that refused. */
async function handshake(
  server: Identity,
  client: Identity | null,
  ca: string,
  serverCa = ca,
): Promise<string> {
  const options = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const
  const listening = createServer({
    ...options,
    ca: [serverCa],
    cert: server.certificate,
    key: server.key,
    requestCert: true,
    rejectUnauthorized: true,
  })
  onTestFinished(() => void listening.close())
  const seen = new Promise<string>((resolve) => {
    listening.once('secureConnection', (socket: TLSSocket) => {
      const { subject } = socket.getPeerCertificate()
      resolve(`${socket.getProtocol() ?? ''} ${String(subject.CN)}`)
      socket.end()
    })
    listening.once('tlsClientError', (error) =>
      resolve(`server: ${(error as NodeJS.ErrnoException).code ?? ''}`),
    )
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const socket = connect({
    ...options,
    host: '127.0.0.1',
    port: (listening.address() as AddressInfo).port,
    servername: 'nuc1',
    ca: [ca],
    ...(client && { cert: client.certificate, key: client.key }),
  })
  const refused = new Promise<string>((resolve) => {
    socket.once('error', (error) => resolve(`client: ${(error as NodeJS.ErrnoException).code ?? ''}`))
  })
  const result = await Promise.race([seen, refused])
  socket.destroy()
  return result
}

describe('the authority of a lab', () => {
  it('is made once, and is kept where only its owner can read it', async () => {
    const data = temporaryFolder()
    const first = await authorityAt(data)
    expect((await authorityAt(data)).certificate).toBe(first.certificate)
    expect(statSync(authorityFile(data, 'rack')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(data, 'labs', 'rack'))).toEqual(['authority.pem'])
    expect((await authorityAt(data, start, 'other')).certificate).not.toBe(first.certificate)
  })

  it('may issue for hosts and for no further authority', async () => {
    const { certificate } = await authorityAt(temporaryFolder())
    const authority = new X509Certificate(certificate)
    expect(authority.ca).toBe(true)
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: certificate,
      encoding: 'utf8',
    })
    expect(text).toMatch(/CA:TRUE, pathlen:0/)
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
    expect(text).toMatch(/NIST CURVE: P-256/)
  })

  it('is replaced before it would end earlier than what it issues', async () => {
    const data = temporaryFolder()
    const first = await authorityAt(data)
    expect((await authorityAt(data, addDays(start, 3_200))).certificate).toBe(first.certificate)
    const later = await authorityAt(data, addDays(start, 3_300))
    expect(later.certificate).not.toBe(first.certificate)
    expect(isAuthorityWorn(later.certificate, addDays(start, 3_300))).toBe(false)
  })

  it('says which file is damaged, and leaves it as it is', async () => {
    const data = temporaryFolder()
    await authorityAt(data)
    const file = authorityFile(data, 'rack')
    const whole = readFileSync(file, 'utf8')
    for (const damaged of ['', whole.slice(0, 400), whole.replace('BEGIN PRIVATE KEY', 'BEGIN KEY')]) {
      writeFileSync(file, damaged)
      await expect(authorityAt(data)).rejects.toMatchObject({
        code: 'storage_corrupt',
        message: expect.stringContaining(file) as string,
      })
      expect(readFileSync(file, 'utf8')).toBe(damaged)
    }
    const other = readFileSync(authorityFile(await dataOf('rack'), 'rack'), 'utf8')
    writeFileSync(
      file,
      whole.split('-----BEGIN PRIVATE KEY')[0] + other.slice(other.indexOf('-----BEGIN PRIVATE KEY')),
    )
    await expect(authorityAt(data)).rejects.toMatchObject({ code: 'storage_corrupt' })
  })

  it('that cannot be kept is an error, not an authority in memory', async () => {
    const data = temporaryFolder()
    writeFileSync(join(data, 'labs'), 'in the way')
    await expect(authorityAt(data)).rejects.toMatchObject({ code: 'storage_unwritable' })
  })
})

async function dataOf(lab: string): Promise<string> {
  const data = temporaryFolder()
  await authorityAt(data, start, lab)
  return data
}

describe('the certificate of a host', () => {
  it('is accepted by both ends of mutual TLS 1.3', async () => {
    const now = new Date()
    const authority = await authorityAt(temporaryFolder(), now)
    const [nuc1, jetson] = [await authority.issue('nuc1'), await authority.issue('jetson')]
    expect(await handshake(nuc1, jetson, authority.certificate)).toBe('TLSv1.3 jetson')
  })

  it('is refused without one, from another authority, and in another name', async () => {
    const now = new Date()
    const authority = await authorityAt(temporaryFolder(), now)
    const other = await authorityAt(temporaryFolder(), now)
    const nuc1 = await authority.issue('nuc1')
    expect(await handshake(nuc1, null, authority.certificate)).toMatch(/^server: ERR_SSL_PEER_DID_NOT_RETURN/)
    const stranger = await other.issue('jetson')
    expect(await handshake(nuc1, stranger, authority.certificate)).not.toMatch(/^TLS/)
    expect(await handshake(await authority.issue('nuc2'), nuc1, authority.certificate)).toBe(
      'client: ERR_TLS_CERT_ALTNAME_INVALID',
    )
    expect(await handshake(await other.issue('nuc1'), nuc1, authority.certificate)).not.toMatch(/^TLS/)
  })

  it('is what OpenSSL verifies for servers and clients', async () => {
    const folder = temporaryFolder()
    const authority = await authorityAt(folder, new Date())
    const { certificate, key } = await authority.issue('nuc1')
    writeFileSync(join(folder, 'ca.pem'), authority.certificate)
    writeFileSync(join(folder, 'nuc1.pem'), certificate)
    for (const purpose of ['sslserver', 'sslclient']) {
      const args = [
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-verify_hostname',
        'nuc1',
        '-CAfile',
        'ca.pem',
      ]
      const verified = spawnSync('openssl', [...args, 'nuc1.pem'], { cwd: folder, encoding: 'utf8' })
      expect(verified.stdout + verified.stderr).toBe('nuc1.pem: OK\n')
    }
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: certificate,
      encoding: 'utf8',
    })
    expect(text).toMatch(/Subject: CN = nuc1\n/)
    expect(text).toMatch(/Subject Alternative Name: \n\s+DNS:nuc1\n/)
    expect(text).toMatch(
      /Extended Key Usage: \n\s+TLS Web Server Authentication, TLS Web Client Authentication\n/,
    )
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/)
    expect(new X509Certificate(certificate).validTo).not.toBe('')
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  it('is new each time, with a serial number of its own', async () => {
    const authority = await authorityAt(temporaryFolder())
    const issued = await Promise.all(Array.from({ length: 20 }, () => authority.issue('nuc1')))
    expect(new Set(issued.map(({ key }) => key)).size).toBe(20)
    const serials = issued.map(({ certificate }) => new X509Certificate(certificate).serialNumber)
    expect(new Set(serials).size).toBe(20)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })
})

describe('a certificate that lies on a host', () => {
  async function aHost() {
    const data = temporaryFolder()
    const authority = await authorityAt(data)
    return { data, authority, ...(await authority.issue('nuc1')) }
  }

  it('is left alone until two thirds of its time are over', async () => {
    const { authority, certificate } = await aHost()
    const reasonAt = (days: number) =>
      renewalReason(certificate, 'nuc1', authority.certificate, addDays(start, days))
    expect(reasonAt(-0.9)).toBeNull()
    expect(reasonAt(0)).toBeNull()
    expect(reasonAt(242)).toBeNull()
    expect(reasonAt(244)).toBe('it ends on 2027-03-01')
    expect(reasonAt(400)).toBe('it ended on 2027-03-01')
    expect(reasonAt(-2)).toBe('it is not valid before 2026-02-28')
  })

  it('is renewed when the name or the authority is another one, or when it is none', async () => {
    const { authority, certificate } = await aHost()
    const other = await authorityAt(temporaryFolder())
    const reason = (pem: string | null, host = 'nuc1', by = authority.certificate) =>
      renewalReason(pem, host, by, start)
    expect(reason(null)).toBe('it has none')
    expect(reason('rubbish')).toBe('what is there is no certificate')
    expect(reason(certificate, 'nuc2')).toBe('it is not in the name of nuc2')
    // Both authorities have the same name: the signature tells them apart.
    expect(reason(certificate, 'nuc1', other.certificate)).toBe('it comes from another authority')
    expect(reason(authority.certificate)).not.toBeNull()
  })

  it('is not made by an authority of the same name and another key', async () => {
    const { authority, data } = await aHost()
    const text = readFileSync(authorityFile(data, 'rack'), 'utf8')
    const key = text.slice(text.indexOf('-----BEGIN PRIVATE KEY'))
    const other = readFileSync(authorityFile(await dataOf('rack'), 'rack'), 'utf8')
    const forged = await issueHost(
      { certificate: authority.certificate, key: other.slice(other.indexOf('-----BEGIN PRIVATE KEY')) },
      'nuc1',
      start,
    )
    expect(renewalReason(forged.certificate, 'nuc1', authority.certificate, start)).toBe(
      'it comes from another authority',
    )
    const real = await issueHost({ certificate: authority.certificate, key }, 'nuc1', start)
    expect(renewalReason(real.certificate, 'nuc1', authority.certificate, start)).toBeNull()
  })
})
