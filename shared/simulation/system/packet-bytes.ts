import { headerBytes } from '../../protocol/frame'
import { hashBytes } from '../../protocol/messages'

/**
 * Bytes of packets on the wire, header included, as `shared/protocol/messages` encodes them. Recorded routes, which only
 * a few packets carry, are left out.
 */
const manifestBytes = 28
const chunkListBytes = headerBytes + hashBytes + 2

export const getBytes = (chunks: number): number => chunkListBytes + 4 * chunks
export const chunkSetBytes = (chunks: number, bytes: number): number => chunkListBytes + 8 * chunks + bytes
export const lookupBytes = (blocks: number): number => headerBytes + 2 + hashBytes * blocks
export const manifestsBytes = (blocks: number): number => headerBytes + 2 + (1 + manifestBytes) * blocks
export const namedManifestBytes = headerBytes + hashBytes + manifestBytes
export const purgeBytes = headerBytes + hashBytes
export const acknowledgeBytes = headerBytes + 1
export const rotateBytes = headerBytes
export const rotatedBytes = headerBytes + 12
