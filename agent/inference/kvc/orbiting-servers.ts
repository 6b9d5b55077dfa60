import { SkyError } from '#shared/contract/errors'
import { samePosition, type Position } from '#shared/constellation/torus'
import { migrationLimitMs } from '#shared/kvc/protocol-limits'
import { decodeRotated, type RotationReport } from '#shared/protocol/messages'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import type { TrialNetwork } from '#shared/network/trial-network'
import type { GroundStation, Request } from './ground-station'

/** A place to look at, and the epoch to which it belongs. */
export interface Place {
  readonly destination: Position
  readonly epoch: number
}

/** The servers of a placement as the constellation turns: where they are now, and where they were until a moment ago. */
export class OrbitingServers {
  readonly #station: GroundStation
  #epoch = 0
  #rotating = false

  constructor(station: GroundStation) {
    this.#station = station
  }

  get epoch(): number {
    return this.#epoch
  }

  get network(): TrialNetwork {
    return this.#station.network
  }

  /** Where a server is now. */
  place(server: number): Place {
    return { destination: this.network.servers(this.#epoch)[server] as Position, epoch: this.#epoch }
  }

  /**
   * Where to look for what a server holds: its place; and when the constellation turns, or turned meanwhile, the place
   * that it leaves, and the new one again, where a chunk has arrived that had left the old place before it was asked.
   * Ask for the next one only after the answer of the one before.
   */
  *places(server: number): Generator<Place> {
    const at = (epoch: number): Position => this.network.servers(epoch)[server] as Position
    const begun = this.#epoch
    const turning = this.#rotating
    yield { destination: at(begun), epoch: begun }
    const now = this.#epoch
    if (now === begun && !turning) return
    const before = at(Math.max(0, now - 1))
    const moved = !samePosition(before, at(now))
    if (moved) yield { destination: before, epoch: now }
    if (moved || now !== begun) yield { destination: at(now), epoch: now }
  }

  /** The answer, or null when the satellite cannot be reached: to the cache that is a miss. */
  async ask(request: Request): Promise<Packet | null> {
    try {
      return await this.#station.request(request)
    } catch (thrown) {
      if (thrown instanceof SkyError && thrown.code === 'unreachable') return null
      throw thrown
    }
  }

  /** Tell every server of a block, and who is just handing one over, that what it has of it is useless. */
  purge(hash: Uint8Array): void {
    const epoch = this.#epoch
    for (const destination of [...this.network.servers(epoch), ...this.#leaving()]) {
      this.#station.send({ kind: PacketKind.purge, destination, epoch, body: [hash] })
    }
  }

  #leaving(): Position[] {
    return this.#rotating ? this.network.moves(this.#epoch).map((move) => move.from) : []
  }

  /**
   * The constellation has turned by one slot: every server of the old and the new placement learns the epoch, and those
   * that leave move their chunks. Until all have reported, reads look at both places.
   */
  async rotate(): Promise<RotationReport> {
    const epoch = this.#epoch + 1
    this.#epoch = epoch
    if (this.network.modelOnBoard) return { chunks: 0, bytes: 0 }
    this.#rotating = true
    const reports = await Promise.all(
      [...this.network.servers(epoch), ...this.#leaving()].map(async (destination) => {
        const answer = await this.ask({
          kind: PacketKind.rotate,
          destination,
          epoch,
          body: [],
          limitMs: migrationLimitMs,
        })
        const body = answer?.body[0]
        return body === undefined ? null : decodeRotated(body)
      }),
    )
    this.#rotating = false
    const total = { chunks: 0, bytes: 0 }
    for (const report of reports) {
      total.chunks += report?.chunks ?? 0
      total.bytes += report?.bytes ?? 0
    }
    return total
  }
}
