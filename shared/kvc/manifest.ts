import { chunkCount } from './chunks'

/** What server 0 stores about a block beside its chunks. A block is visible only once its manifest is written. */
export interface Manifest {
  readonly chunkCount: number
  readonly byteLength: number
  /**
   * CRC-32 (IEEE 802.3, as in zlib) of the CRC-32s of all chunks in order (u32 little-endian each): a reader checks every
   * chunk as it arrives, in any order.
   */
  readonly checksum: number
  /** Epoch of the placement under which the chunks were stored. */
  readonly epoch: number
}

/** Why a manifest cannot be right for blocks that are cut like this, or null. Wrong ones are misses, never errors. */
export function manifestProblem(manifest: Manifest, byteLength: number, chunkBytes: number): string | null {
  if (manifest.byteLength !== byteLength) return `it says ${manifest.byteLength} B, not ${byteLength} B`
  const chunks = chunkCount(byteLength, chunkBytes)
  if (manifest.chunkCount !== chunks) return `it says ${manifest.chunkCount} chunks, not ${chunks}`
  if (manifest.checksum >>> 0 !== manifest.checksum) return `its checksum ${manifest.checksum} is not 32 bit`
  return null
}
