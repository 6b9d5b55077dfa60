import { readFile } from 'node:fs/promises'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import {
  consoleKeyStore,
  type changedHostKey,
  type HostKey,
  type unknownHostKey,
} from '#shared/contract/inventory-api'
import { printable } from '#shared/text/printable'
import type { z } from 'zod'
import { hopText, placeOf, type Hop } from '../connect/hop'
import type { HostKeyCheck } from './host-key-check'
import { fingerprint, keyType, signatureAlgorithms } from './host-key'
import type { HostKeyStore } from './host-key-store'
import { knownHostName, parseKnownHosts, type KnownHost } from './known-hosts'

interface KnownKey {
  readonly key: Buffer
  /** `console`, or the file of the user's. */
  readonly store: string
  readonly line: number | null
}

/** What is known of a server that shows a key. */
type Verdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly known: KnownKey }
  | { readonly kind: 'revoked'; readonly known: KnownKey }

/**
 * Host keys against the console's own store and the user's known_hosts, which is only read. A key is good when either of them has it.
 * Where a server is known by other keys only, of whatever type, its key has changed.
 */
export class LabHostKeys implements HostKeyCheck {
  readonly #store: HostKeyStore
  readonly #knownHosts: readonly string[]

  /** @param knownHosts files of the user's in OpenSSH's format; those that are missing are empty */
  constructor(store: HostKeyStore, knownHosts: readonly string[]) {
    this.#store = store
    this.#knownHosts = knownHosts
  }

  async knownAlgorithms(hop: Hop): Promise<readonly ServerHostKeyAlgorithm[]> {
    const { known } = await this.#of(hop)
    return [...new Set(known.flatMap(({ key }) => signatureAlgorithms(keyType(key))))]
  }

  async check(hop: Hop, key: Buffer): Promise<void> {
    const verdict = await this.#judge(hop, key)
    switch (verdict.kind) {
      case 'known':
        return
      case 'unknown':
        throw unknown(hop, key)
      case 'changed':
        throw changed(hop, key, verdict.known)
      case 'revoked':
        throw revoked(hop, key, verdict.known)
    }
  }

  /**
   * Accept a key that a server shows, once a user has compared its fingerprint. A changed key is not accepted: the old one must be
   * forgotten first.
   * @throws SkyError `conflict` when it shows another key, `host_key_changed`
   */
  async accept(hop: Hop, key: Buffer, expected: string, now: number): Promise<void> {
    if (fingerprint(key) !== expected.trim()) {
      throw new SkyError(
        'conflict',
        `${hopText(hop)} shows another key than the one to be accepted: ${fingerprint(key)}, not ${printable(expected)}`,
        'Compare the fingerprint with the host (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then try again.',
        { ...shown(hop, key), expected },
      )
    }
    const verdict = await this.#judge(hop, key)
    if (verdict.kind === 'known') return
    if (verdict.kind !== 'unknown') return this.check(hop, key)
    await this.#store.add({ ...placeOf(hop), key: key.toString('base64'), acceptedAt: now })
  }

  /** @returns whether there was one */
  async forget(hop: Hop): Promise<boolean> {
    return this.#store.forget(placeOf(hop))
  }

  /** What users of this console have accepted for these. */
  async accepted(hops: readonly Hop[]): Promise<HostKey[]> {
    const keys: HostKey[] = []
    for (const hop of hops) {
      for (const { key } of await this.#store.of(placeOf(hop)))
        keys.push(keyOf(hop, Buffer.from(key, 'base64')))
    }
    return keys
  }

  async #judge(hop: Hop, key: Buffer): Promise<Verdict> {
    const { known, revokedKeys, elsewhere } = await this.#of(hop)
    const isThis = (each: KnownKey): boolean => each.key.equals(key)
    const bad = revokedKeys.find(isThis)
    if (bad) return { kind: 'revoked', known: bad }
    if (known.some(isThis) || elsewhere.some(isThis)) return { kind: 'known' }
    const other = known.find((each) => keyType(each.key) === keyType(key)) ?? known[0]
    return other === undefined ? { kind: 'unknown' } : { kind: 'changed', known: other }
  }

  async #of(hop: Hop): Promise<{ known: KnownKey[]; revokedKeys: KnownKey[]; elsewhere: KnownKey[] }> {
    const { address, port } = hop.target
    const own = await this.#store.of(placeOf(hop))
    const known: KnownKey[] = own.map(({ key }) => ({
      key: Buffer.from(key, 'base64'),
      store: consoleKeyStore,
      line: null,
    }))
    const revokedKeys: KnownKey[] = []
    const elsewhere: KnownKey[] = []
    for (const file of this.#knownHosts) {
      const asKnown = ({ key, line }: KnownHost): KnownKey => ({ key, store: file, line })
      const hosts = parseKnownHosts(await readIfThere(file))
      const named = hosts.filter((each) => each.matches(knownHostName(address, port)))
      // Certificates of hosts cannot be verified here, so authorities say nothing.
      known.push(...named.filter(({ marker }) => marker === null).map(asKnown))
      revokedKeys.push(...named.filter(({ marker }) => marker === 'revoked').map(asKnown))
      // As OpenSSH: the key of the same name without its port is good too, but says nothing about others.
      const plain = hosts.filter((each) => each.marker === null && each.matches(address.toLowerCase()))
      elsewhere.push(...plain.map(asKnown))
    }
    return { known, revokedKeys, elsewhere }
  }
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ''
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError(
      'storage_unwritable',
      `The file of known hosts cannot be read: ${reason}`,
      'Make it readable.',
      {
        path: file,
      },
    )
  }
}

function keyOf({ target }: Hop, key: Buffer): HostKey {
  const { name, address, port } = target
  return { target: name, address, port, algorithm: keyType(key), fingerprint: fingerprint(key) }
}

function shown(hop: Hop, key: Buffer): z.infer<typeof unknownHostKey> {
  return { ...keyOf(hop, key), lab: hop.lab }
}

function unknown(hop: Hop, key: Buffer): SkyError {
  const { name } = hop.target
  return new SkyError(
    'host_key_unknown',
    `The key of ${hopText(hop)} is not known: ${keyType(key)} ${fingerprint(key)}`,
    `Compare it with the host itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then accept it: skymemory lab accept-key ${hop.lab} ${name} ${fingerprint(key)}`,
    shown(hop, key),
  )
}

function changed(hop: Hop, key: Buffer, known: KnownKey): SkyError {
  const details: z.infer<typeof changedHostKey> = {
    ...shown(hop, key),
    known: { algorithm: keyType(known.key), fingerprint: fingerprint(known.key) },
    store: known.store,
  }
  const { address, port, name } = hop.target
  const forget =
    known.store === consoleKeyStore
      ? `skymemory lab forget-key ${hop.lab} ${name}`
      : `ssh-keygen -R '${knownHostName(address, port)}' -f '${known.store}' (line ${known.line})`
  return new SkyError(
    'host_key_changed',
    `The key of ${hopText(hop)} has changed: it shows ${keyType(key)} ${fingerprint(key)}, known is ${keyType(known.key)} ${fingerprint(known.key)}`,
    `Somebody may stand between, or the host was set up anew. Only if you know why it changed, forget the old key: ${forget}`,
    details,
  )
}

function revoked(hop: Hop, key: Buffer, known: KnownKey): SkyError {
  const fingerprintOfKey = fingerprint(key)
  const details: z.infer<typeof changedHostKey> = {
    ...shown(hop, key),
    known: { algorithm: keyType(known.key), fingerprint: fingerprintOfKey },
    store: known.store,
  }
  return new SkyError(
    'host_key_changed',
    `The key that ${hopText(hop)} shows was revoked: ${keyType(key)} ${fingerprintOfKey}, line ${known.line} of ${known.store}`,
    'Whoever has this key may pretend to be the host. Give the host a new key.',
    details,
  )
}
