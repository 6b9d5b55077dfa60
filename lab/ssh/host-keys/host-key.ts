import { createHash } from 'node:crypto'
import type { ServerHostKeyAlgorithm } from 'ssh2'

/** The type of a public key in SSH's wire format, RFC 4253 section 6.6: a length, then the name. Empty when it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  const type = key.subarray(4, 4 + length).toString('latin1')
  return type.length === length && /^[\x21-\x7e]+$/.test(type) ? type : ''
}

/** As OpenSSH prints it: SHA256: and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

const signatures: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** What to ask a server for, so that it shows a key of this type. Empty for types that cannot be verified here. */
export function signatureAlgorithms(type: string): readonly ServerHostKeyAlgorithm[] {
  return signatures[type] ?? []
}
