import { checksumBytes, type Manifest } from '../kvc/manifest'

/**
 * The bodies of packets. Encoders return parts that are written one after another; chunk bytes are never copied here.
 * Decoders return null for anything that is not exactly such a body.
 */
export const hashBytes = 32
const manifestBytes = 12 + checksumBytes
const missing = 0xffffffff

/** Chunks of one block: for `chunks`, `set` and `migrateChunks`. `bytes` null = the satellite does not have the chunk. */
export interface ChunkSet {
  readonly hash: Uint8Array
  readonly chunks: readonly { readonly index: number; readonly bytes: Uint8Array | null }[]
}

export interface GetRequest {
  readonly hash: Uint8Array
  readonly indices: readonly number[]
}

export function encodeGet({ hash, indices }: GetRequest): Uint8Array[] {
  const bytes = new Uint8Array(hashBytes + 2 + indices.length * 4)
  const view = new DataView(bytes.buffer)
  bytes.set(hash)
  view.setUint16(hashBytes, indices.length, true)
  indices.forEach((index, i) => view.setUint32(hashBytes + 2 + i * 4, index, true))
  return [bytes]
}

export function decodeGet(body: Uint8Array): GetRequest | null {
  const list = readHashAndCount(body, 4)
  if (list === null || list.end !== body.byteLength) return null
  const indices = Array.from({ length: list.count }, (_, i) =>
    list.view.getUint32(hashBytes + 2 + i * 4, true),
  )
  return { hash: list.hash, indices }
}

export function encodeChunkSet({ hash, chunks }: ChunkSet): Uint8Array[] {
  const head = new Uint8Array(hashBytes + 2 + chunks.length * 8)
  const view = new DataView(head.buffer)
  head.set(hash)
  view.setUint16(hashBytes, chunks.length, true)
  const parts: Uint8Array[] = [head]
  chunks.forEach(({ index, bytes }, i) => {
    view.setUint32(hashBytes + 2 + i * 8, index, true)
    view.setUint32(hashBytes + 6 + i * 8, bytes === null ? missing : bytes.byteLength, true)
    if (bytes !== null) appendPart(parts, bytes)
  })
  return parts
}

/** Chunks that arrived together lie together in memory: they leave as one part again. */
function appendPart(parts: Uint8Array[], bytes: Uint8Array): void {
  const last = parts.at(-1)
  const adjacent =
    last !== undefined &&
    last.buffer === bytes.buffer &&
    last.byteOffset + last.byteLength === bytes.byteOffset
  if (adjacent) {
    parts[parts.length - 1] = new Uint8Array(
      bytes.buffer,
      last.byteOffset,
      last.byteLength + bytes.byteLength,
    )
  } else {
    parts.push(bytes)
  }
}

export function decodeChunkSet(body: Uint8Array): ChunkSet | null {
  const list = readHashAndCount(body, 8)
  if (list === null) return null
  const chunks: { index: number; bytes: Uint8Array | null }[] = []
  let offset = list.end
  for (let i = 0; i < list.count; i++) {
    const index = list.view.getUint32(hashBytes + 2 + i * 8, true)
    const length = list.view.getUint32(hashBytes + 6 + i * 8, true)
    if (length === missing) {
      chunks.push({ index, bytes: null })
      continue
    }
    if (offset + length > body.byteLength) return null
    chunks.push({ index, bytes: body.subarray(offset, offset + length) })
    offset += length
  }
  return offset === body.byteLength ? { hash: list.hash, chunks } : null
}

export function encodeLookup(hashes: readonly Uint8Array[]): Uint8Array[] {
  const bytes = new Uint8Array(2 + hashes.length * hashBytes)
  new DataView(bytes.buffer).setUint16(0, hashes.length, true)
  hashes.forEach((hash, i) => bytes.set(hash, 2 + i * hashBytes))
  return [bytes]
}

export function decodeLookup(body: Uint8Array): Uint8Array[] | null {
  if (body.byteLength < 2) return null
  const count = viewOf(body).getUint16(0, true)
  if (body.byteLength !== 2 + count * hashBytes) return null
  return Array.from({ length: count }, (_, i) => body.subarray(2 + i * hashBytes, 2 + (i + 1) * hashBytes))
}

export function encodeManifests(manifests: readonly (Manifest | null)[]): Uint8Array[] {
  const bytes = new Uint8Array(2 + manifests.length * (1 + manifestBytes))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, manifests.length, true)
  manifests.forEach((manifest, i) => {
    const offset = 2 + i * (1 + manifestBytes)
    view.setUint8(offset, manifest === null ? 0 : 1)
    if (manifest !== null) writeManifest(view, offset + 1, manifest)
  })
  return [bytes]
}

export function decodeManifests(body: Uint8Array): (Manifest | null)[] | null {
  if (body.byteLength < 2) return null
  const view = viewOf(body)
  const count = view.getUint16(0, true)
  if (body.byteLength !== 2 + count * (1 + manifestBytes)) return null
  return Array.from({ length: count }, (_, i) => {
    const offset = 2 + i * (1 + manifestBytes)
    return view.getUint8(offset) === 0 ? null : readManifest(view, offset + 1)
  })
}

/** For `putManifest` and `migrateManifest`. */
export interface NamedManifest {
  readonly hash: Uint8Array
  readonly manifest: Manifest
}

export function encodeNamedManifest({ hash, manifest }: NamedManifest): Uint8Array[] {
  const bytes = new Uint8Array(hashBytes + manifestBytes)
  bytes.set(hash)
  writeManifest(new DataView(bytes.buffer), hashBytes, manifest)
  return [bytes]
}

export function decodeNamedManifest(body: Uint8Array): NamedManifest | null {
  if (body.byteLength !== hashBytes + manifestBytes) return null
  return { hash: body.subarray(0, hashBytes), manifest: readManifest(viewOf(body), hashBytes) }
}

/** `purge` names the block whose chunks are useless. */
export function decodeHash(body: Uint8Array): Uint8Array | null {
  return body.byteLength === hashBytes ? body : null
}

export type AckStatus = 'stored' | 'refused'

export function encodeAck(status: AckStatus): Uint8Array[] {
  return [Uint8Array.of(status === 'stored' ? 0 : 1)]
}

export function decodeAck(body: Uint8Array): AckStatus | null {
  if (body.byteLength !== 1) return null
  return body[0] === 0 ? 'stored' : body[0] === 1 ? 'refused' : null
}

/** What one satellite moved in a rotation. */
export interface RotationReport {
  readonly chunks: number
  readonly bytes: number
}

export function encodeRotated({ chunks, bytes }: RotationReport): Uint8Array[] {
  const out = new Uint8Array(12)
  const view = new DataView(out.buffer)
  view.setUint32(0, chunks, true)
  view.setFloat64(4, bytes, true)
  return [out]
}

export function decodeRotated(body: Uint8Array): RotationReport | null {
  if (body.byteLength !== 12) return null
  const view = viewOf(body)
  return { chunks: view.getUint32(0, true), bytes: view.getFloat64(4, true) }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readHashAndCount(body: Uint8Array, entryBytes: number) {
  if (body.byteLength < hashBytes + 2) return null
  const view = viewOf(body)
  const count = view.getUint16(hashBytes, true)
  const end = hashBytes + 2 + count * entryBytes
  return end > body.byteLength ? null : { view, count, end, hash: body.subarray(0, hashBytes) }
}

function writeManifest(view: DataView, offset: number, manifest: Manifest): void {
  view.setUint32(offset, manifest.chunkCount, true)
  view.setUint32(offset + 4, manifest.byteLength, true)
  view.setUint32(offset + 8, manifest.epoch, true)
  new Uint8Array(view.buffer, view.byteOffset + offset + 12, checksumBytes).set(manifest.checksum)
}

function readManifest(view: DataView, offset: number): Manifest {
  return {
    chunkCount: view.getUint32(offset, true),
    byteLength: view.getUint32(offset + 4, true),
    epoch: view.getUint32(offset + 8, true),
    // A copy: the manifest outlives the packet.
    checksum: new Uint8Array(view.buffer, view.byteOffset + offset + 12, checksumBytes).slice(),
  }
}
