import { manifestProblem, type Manifest } from '#shared/kvc/manifest'
import { afterProbe, contiguousPrefix, nextProbe, startSearch } from '#shared/kvc/prefix'
import { hashesPerPacket } from '#shared/kvc/protocol-limits'
import { decodeManifests, encodeLookup } from '#shared/protocol/messages'
import { PacketKind } from '#shared/protocol/packet'
import type { BlockShape } from '#shared/kvc/block-shape'
import { OperationClock, type Timing } from './operation-clock'
import type { OrbitingServers } from './orbiting-servers'

export interface LookupResult {
  readonly manifests: readonly Manifest[]
  /** Null when server 0 could not be asked. */
  readonly timing: Timing | null
}

type Found = (Manifest | null)[]

/** The manifests of the cached prefix of these blocks, in order. An unreachable server 0 makes everything a miss. */
export async function lookupPrefix(
  servers: OrbitingServers,
  shape: BlockShape,
  hashes: readonly Uint8Array[],
): Promise<LookupResult> {
  const { lookup, link_delay } = servers.network.parameters
  const clock = new OperationClock(link_delay === 'virtual')
  const ask = (wanted: readonly Uint8Array[]): Promise<Found> => askServerZero(servers, shape, wanted, clock)
  const manifests = lookup === 'batch' ? await inBatches(hashes, ask) : await byBinarySearch(hashes, ask)
  return { manifests, timing: clock.timing() }
}

type Ask = (hashes: readonly Uint8Array[]) => Promise<Found>

async function inBatches(hashes: readonly Uint8Array[], ask: Ask): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  for (let start = 0; start < hashes.length; start += hashesPerPacket) {
    const found = prefixOf(await ask(hashes.slice(start, start + hashesPerPacket)))
    manifests.push(...found)
    if (found.length < hashesPerPacket) break
  }
  return manifests
}

/** As the paper does it. Each block has a checksum of its own, so the manifests that the search has not seen follow. */
async function byBinarySearch(hashes: readonly Uint8Array[], ask: Ask): Promise<Manifest[]> {
  const found: Found = hashes.map(() => null)
  let search = startSearch(hashes.length)
  for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
    const [manifest = null] = await ask(hashes.slice(probe, probe + 1))
    found[probe] = manifest
    search = afterProbe(search, probe, manifest !== null)
  }
  const prefix = found.slice(0, search.low)
  const unseen = prefix.flatMap((manifest, i) => (manifest === null ? [i] : []))
  if (unseen.length > 0) {
    const rest = await ask(unseen.map((i) => hashes[i] as Uint8Array))
    unseen.forEach((i, k) => (prefix[i] = rest[k] ?? null))
  }
  return prefixOf(prefix)
}

function prefixOf(found: Found): Manifest[] {
  return found.slice(0, contiguousPrefix(found.map((manifest) => manifest !== null))) as Manifest[]
}

/** At its old place too, while the constellation turns, for what its new place does not have yet. */
async function askServerZero(
  servers: OrbitingServers,
  shape: BlockShape,
  hashes: readonly Uint8Array[],
  clock: OperationClock,
): Promise<Found> {
  const found: Found = hashes.map(() => null)
  for (const place of servers.places(0)) {
    const wanted = found.flatMap((manifest, i) => (manifest === null ? [i] : []))
    const body = encodeLookup(wanted.map((i) => hashes[i] as Uint8Array))
    clock.sent()
    const answer = await servers.ask({ kind: PacketKind.lookup, ...place, body })
    if (answer !== null) {
      clock.answered(answer)
      clock.nextStage()
      decodeManifests(answer.body[0] ?? new Uint8Array(0))?.forEach((manifest, k) => {
        found[wanted[k] as number] = manifest
      })
    }
    if (found.every((manifest) => manifest !== null)) break
  }
  const fits = (manifest: Manifest): boolean =>
    manifestProblem(manifest, shape.byteLength, shape.chunkBytes) === null
  return found.map((manifest) => (manifest !== null && fits(manifest) ? manifest : null))
}
