// @peculiar/x509 asks for its metadata before its first class is made.
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509'
import { randomBytes, webcrypto } from 'node:crypto'
import { addDays, authorityDays, clockSkewDays, hostCertificateDays } from './periods'

/** A certificate and its private key (PKCS #8), both as PEM. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signature = { name: 'ECDSA', hash: 'SHA-256' } as const

/** A new authority for one lab: it vouches for hosts, and for no further authority. */
export async function issueAuthority(lab: string, now: Date): Promise<Identity> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [`SkyMemory lab ${lab}`] }],
    notBefore: addDays(now, -clockSkewDays),
    notAfter: addDays(now, authorityDays),
    keys,
    signingAlgorithm: signature,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return identityOf(certificate, keys)
}

/**
 * A certificate with which a host both serves and calls others. Its name is the one that the host has in the inventory.
 * @param authority whose certificate and key sign it
 */
export async function issueHost(authority: Identity, host: string, now: Date): Promise<Identity> {
  const keys = await newKeys()
  const issuer = new X509Certificate(authority.certificate)
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ]
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [host] }],
    issuer: issuer.subjectName,
    notBefore: addDays(now, -clockSkewDays),
    notAfter: addDays(now, hostCertificateDays),
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    signingAlgorithm: signature,
    extensions,
  })
  return identityOf(certificate, keys)
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])
}

function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), curve, false, ['sign'])
}

async function identityOf(
  certificate: X509Certificate,
  { privateKey }: webcrypto.CryptoKeyPair,
): Promise<Identity> {
  const key = await webcrypto.subtle.exportKey('pkcs8', privateKey)
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
  }
}

/** 16 random bytes, of which the first keeps the number positive and of full length (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}
