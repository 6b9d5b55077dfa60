import { chunkCount } from './chunks'

/** Bytes of a block's checksum. */
export const checksumBytes = 16

/** What server 0 stores about a block beside its chunks. A block is visible only once its manifest is written. */
export interface Manifest {
  readonly chunkCount: number
  readonly byteLength: number
  /** Poly1305 (RFC 8439) of all bytes of the block, keyed by the block's hash: 16 bytes. */
  readonly checksum: Uint8Array
  /** Epoch of the placement under which the chunks were stored. */
  readonly epoch: number
}

/** Why a manifest cannot be right for blocks that are cut like this, or null. Wrong ones are misses, never errors. */
export function manifestProblem(manifest: Manifest, byteLength: number, chunkBytes: number): string | null {
  if (manifest.byteLength !== byteLength) return `it says ${manifest.byteLength} B, not ${byteLength} B`
  const chunks = chunkCount(byteLength, chunkBytes)
  if (manifest.chunkCount !== chunks) return `it says ${manifest.chunkCount} chunks, not ${chunks}`
  if (manifest.checksum.byteLength !== checksumBytes)
    return `its checksum has ${manifest.checksum.byteLength} B`
  return null
}
