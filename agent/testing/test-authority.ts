import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { TlsIdentity } from '../transport/tls-wire'

x509.cryptoProvider.set(webcrypto)

const ecdsaP256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

export interface IssueOptions {
  /** When it ends; a day from now unless told otherwise. */
  readonly notAfter?: Date
  /** DNS names; the host's id unless told otherwise. */
  readonly alternatives?: readonly string[]
}

/** A certificate authority as the console makes one for each lab, for tests. */
export class TestAuthority {
  readonly pem: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #name: string
  #serial = 1

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, pem: string) {
    this.#name = name
    this.#keys = keys
    this.pem = pem
  }

  static async create(commonName = 'a lab'): Promise<TestAuthority> {
    const keys = await newKeys()
    const name = `CN=${commonName}`
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      signingAlgorithm: ecdsaP256,
      keys: keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    })
    return new TestAuthority(name, keys, certificate.toString('pem'))
  }

  /** A host's certificate: common name and DNS name are its id, for both ends of a connection. */
  async issue(hostId: string, options: IssueOptions = {}): Promise<TlsIdentity> {
    const keys = await newKeys()
    this.#serial += 1
    const names = (options.alternatives ?? [hostId]).map((value) => ({ type: 'dns' as const, value }))
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(2, '0'),
      subject: `CN=${hostId}`,
      issuer: this.#name,
      notBefore: new Date(Date.now() - 2 * dayMs),
      notAfter: options.notAfter ?? new Date(Date.now() + dayMs),
      signingAlgorithm: ecdsaP256,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension(names),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
      ],
    })
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return {
      authority: this.pem,
      certificate: certificate.toString('pem'),
      key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    }
  }
}

/** Put an identity into files of a fresh folder, as it lies on a host. */
export function writeIdentity(parent: string, { authority, certificate, key }: TlsIdentity) {
  const directory = mkdtempSync(join(parent, 'tls-'))
  const files = {
    authority: join(directory, 'ca.pem'),
    certificate: join(directory, 'certificate.pem'),
    key: join(directory, 'key.pem'),
  }
  writeFileSync(files.authority, authority)
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.key, key, { mode: 0o600 })
  return files
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ecdsaP256, true, ['sign', 'verify'])
}
