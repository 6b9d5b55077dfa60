import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { writeFileAtomically } from '../../atomic-file'
import { issueAuthority, issueHost, type Identity } from './issue'
import { isAuthorityWorn } from './renewal'

/** Vouches for the hosts of one lab. Its key never leaves this machine. */
export interface LabAuthority {
  /** PEM. */
  readonly certificate: string
  issue(host: string): Promise<Identity>
}

/** Certificate and key lie in one file, so that they always belong together. */
export function authorityFile(dataDirectory: string, lab: string): string {
  return join(dataDirectory, 'labs', lab, 'authority.pem')
}

/**
 * The authority of a lab; made when there is none yet, and replaced when it would end before what it issues.
 * @throws SkyError `storage_corrupt` when its file is damaged, `storage_full`, `storage_unwritable`
 */
export async function labAuthority(
  dataDirectory: string,
  lab: string,
  now: () => Date,
): Promise<LabAuthority> {
  const file = authorityFile(dataDirectory, lab)
  const present = await read(file)
  const identity =
    present === null || isAuthorityWorn(present.certificate, now()) ? await renew(file, lab, now()) : present
  return { certificate: identity.certificate, issue: (host) => issueHost(identity, host, now()) }
}

/**
 * Certificate of the authority that a lab has now, or null when one would have to be made.
 * @throws SkyError `storage_corrupt`
 */
export async function presentAuthority(
  dataDirectory: string,
  lab: string,
  now: Date,
): Promise<string | null> {
  const present = await read(authorityFile(dataDirectory, lab))
  return present === null || isAuthorityWorn(present.certificate, now) ? null : present.certificate
}

async function read(file: string): Promise<Identity | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new SkyError('storage_unwritable', `${file} cannot be read: ${(thrown as Error).message}`)
  }
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(text)?.[0] ?? ''
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(text)?.[0] ?? ''
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return { certificate, key }
  } catch {
    // Told below.
  }
  throw new SkyError(
    'storage_corrupt',
    `${file} does not hold a certificate and its private key`,
    'Move it away: apply then makes a new authority and gives every host a new certificate.',
  )
}

async function renew(file: string, lab: string, now: Date): Promise<Identity> {
  const identity = await issueAuthority(lab, now)
  await writeFileAtomically(file, identity.certificate + identity.key, 0o600)
  return identity
}
