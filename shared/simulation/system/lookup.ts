import { contiguousPrefix, afterProbe, nextProbe, startSearch } from '../../kvc/prefix'
import { answerLimitMs, hashesPerPacket } from '../../kvc/protocol-limits'
import type { GroundServers, Place } from './ground-servers'
import { fromHost, Packet, type Cargo } from './packet'
import { lookupBytes, manifestsBytes } from './packet-bytes'
import { waitFor, type Process } from './process'

export interface LookupResult {
  /** Blocks of the prompt, from the first on, that have a manifest. */
  readonly blocks: number
  /** Null when server 0 could not be asked. */
  readonly ms: number | null
}

/** How many blocks from the first on have a manifest, as the agents ask for it. */
export function* lookupPrefix(
  ground: GroundServers,
  blocks: Int32Array,
  how: 'batch' | 'binary_search',
): Process<LookupResult> {
  const lookup = new Lookup(ground)
  const found = how === 'batch' ? yield* inBatches(lookup, blocks) : yield* byBinarySearch(lookup, blocks)
  return { blocks: found, ms: lookup.ms }
}

function* inBatches(lookup: Lookup, blocks: Int32Array): Process<number> {
  let prefix = 0
  for (let start = 0; start < blocks.length; start += hashesPerPacket) {
    const found = contiguousPrefix(yield* lookup.ask(blocks.subarray(start, start + hashesPerPacket)))
    prefix += found
    if (found < hashesPerPacket) break
  }
  return prefix
}

function* byBinarySearch(lookup: Lookup, blocks: Int32Array): Process<number> {
  const found = new Array<boolean>(blocks.length).fill(false)
  let search = startSearch(blocks.length)
  for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
    const [is = false] = yield* lookup.ask(blocks.subarray(probe, probe + 1))
    found[probe] = is
    search = afterProbe(search, probe, is)
  }
  const prefix = found.slice(0, search.low)
  const unseen = prefix.flatMap((seen, i) => (seen ? [] : [i]))
  if (unseen.length > 0) {
    const rest = yield* lookup.ask(Int32Array.from(unseen, (i) => blocks[i] as number))
    unseen.forEach((i, k) => (prefix[i] = rest[k] ?? false))
  }
  return contiguousPrefix(prefix)
}

/** One lookup's questions to server 0, and what they take. */
class Lookup {
  readonly #ground: GroundServers
  #sentMs: number | null = null
  #answeredMs: number | null = null

  constructor(ground: GroundServers) {
    this.#ground = ground
  }

  get ms(): number | null {
    return this.#sentMs === null || this.#answeredMs === null ? null : this.#answeredMs - this.#sentMs
  }

  /** Which of these have a manifest; at the old place of server 0 too while the constellation turns. */
  *ask(blocks: Int32Array): Process<boolean[]> {
    const ground = this.#ground
    const found = new Array<boolean>(blocks.length).fill(false)
    const { epoch, rotating } = ground
    let places: Place[] | null = null
    let place: Place | undefined = { satellite: ground.satelliteOf(0), epoch }
    while (place !== undefined) {
      yield* this.#askAt(place, blocks, found)
      if (found.every((is) => is)) break
      places ??= ground.furtherPlaces(0, epoch, rotating)
      place = places.shift()
    }
    return found
  }

  *#askAt(place: Place, blocks: Int32Array, found: boolean[]): Process<void> {
    const { queue } = this.#ground.satellites
    const wanted = found.flatMap((is, i) => (is ? [] : [i]))
    this.#sentMs ??= queue.nowMs
    const answered = yield* waitFor<boolean>((resume) => {
      const { links } = this.#ground.satellites
      const cargo = new Question(this.#ground, wanted, blocks, found, resume)
      const { satellite, epoch } = place
      links.send(new Packet(links, cargo, fromHost, satellite, epoch, lookupBytes(wanted.length)))
    })
    if (answered) this.#answeredMs = queue.nowMs
  }
}

class Question implements Cargo {
  readonly limitMs = answerLimitMs
  readonly #ground: GroundServers
  readonly #wanted: readonly number[]
  readonly #blocks: Int32Array
  readonly #found: boolean[]
  readonly #done: (answered: boolean) => void
  #there: boolean[] = []

  constructor(
    ground: GroundServers,
    wanted: readonly number[],
    blocks: Int32Array,
    found: boolean[],
    done: (answered: boolean) => void,
  ) {
    this.#ground = ground
    this.#wanted = wanted
    this.#blocks = blocks
    this.#found = found
    this.#done = done
  }

  arrive(packet: Packet): void {
    const { memories } = this.#ground.satellites
    this.#there = this.#wanted.map((i) =>
      memories.manifests.has(packet.destination, this.#blocks[i] as number),
    )
    packet.links.answer(packet, manifestsBytes(this.#wanted.length))
  }

  returned(): void {
    this.#wanted.forEach((i, k) => (this.#found[i] = this.#there[k] as boolean))
    this.#done(true)
  }

  lost(): void {
    this.#done(false)
  }
}
