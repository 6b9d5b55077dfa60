import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { SkyError } from '../contract/errors'

/** Bytes of a block hash. */
export const hashBytes = 32

/** What must agree before cached values may be reused: KV of another model, type or layout is other data. */
export interface CacheNamespace {
  /** Fingerprint of the model: equal only for equal weights and tokenizer. */
  readonly model: string
  /** Element type of the KV values, such as `f16`. */
  readonly kvType: string
  readonly layoutVersion: number
  /** Keeps tenants from finding (and from guessing) each other's blocks. */
  readonly tenantSalt: string
}

/** SHA-256 of the namespace in canonical form: a JSON array of its fields in fixed order, so no two namespaces look alike. */
export function namespaceHash({ model, kvType, layoutVersion, tenantSalt }: CacheNamespace): Uint8Array {
  return sha256(utf8ToBytes(JSON.stringify([model, kvType, layoutVersion, tenantSalt])))
}

/**
 * The hash chain of a prompt: one hash for each full block, SHA-256(parent's 32 bytes, token ids as u32 little-endian).
 * Equal hash = equal tokens at equal positions after an equal prefix in an equal namespace.
 * @param tokens token ids, each 0..2^32-1
 * @param namespace parent of the first block: a namespace, or its hash
 * @throws SkyError invalid_argument for a block length below 1 or something that is no token id
 */
export function blockHashes(
  tokens: ArrayLike<number>,
  blockTokens: number,
  namespace: CacheNamespace | Uint8Array,
): Uint8Array[] {
  if (!Number.isInteger(blockTokens) || blockTokens < 1) {
    throw new SkyError('invalid_argument', `a block of ${blockTokens} tokens cannot be hashed`)
  }
  let parent = namespace instanceof Uint8Array ? namespace : namespaceHash(namespace)
  const input = new Uint8Array(hashBytes + blockTokens * 4)
  const view = new DataView(input.buffer)
  const hashes: Uint8Array[] = []
  for (let start = 0; start + blockTokens <= tokens.length; start += blockTokens) {
    input.set(parent)
    for (let t = 0; t < blockTokens; t++) {
      const token = tokens[start + t] as number
      if (token >>> 0 !== token) throw new SkyError('invalid_argument', `${token} is not a token id`)
      view.setUint32(hashBytes + t * 4, token, true)
    }
    parent = sha256(input)
    hashes.push(parent)
  }
  return hashes
}

/** A hash as people and logs see it: 64 hexadecimal digits. */
export function hashText(hash: Uint8Array): string {
  return bytesToHex(hash)
}
