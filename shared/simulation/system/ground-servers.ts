import type { RotationReport } from '../../protocol/messages'
import { migrationLimitMs } from '../../kvc/protocol-limits'
import type { Migrations } from './migration'
import { fromHost, Packet, type Cargo, type Placements } from './packet'
import { rotateBytes, rotatedBytes } from './packet-bytes'
import { waitFor, type Process } from './process'
import type { Satellites } from './satellites'

/** A satellite to ask, and the epoch to which it belongs. */
export interface Place {
  readonly satellite: number
  readonly epoch: number
}

/** The servers of a placement as the host of the model knows them while the constellation turns. */
export class GroundServers {
  readonly satellites: Satellites
  readonly migrations: Migrations
  readonly orbit: Placements
  readonly #modelOnBoard: boolean
  #epoch = 0
  #rotating = false
  #servers: Int32Array

  constructor(satellites: Satellites, migrations: Migrations, modelOnBoard: boolean) {
    this.satellites = satellites
    this.migrations = migrations
    this.orbit = satellites.orbit
    this.#modelOnBoard = modelOnBoard
    this.#servers = this.orbit.at(0).servers
  }

  get epoch(): number {
    return this.#epoch
  }

  get rotating(): boolean {
    return this.#rotating
  }

  /** Where a server is now. */
  satelliteOf(server: number): number {
    return this.#servers[server] as number
  }

  /**
   * Where else to look for what a server holds when its place did not have it, because the constellation turns or has
   * turned since: the place that it leaves, and the new one again, where a chunk has arrived that had left the old place
   * before it was asked. Ask for the second only after the answer of the first.
   */
  furtherPlaces(server: number, begunEpoch: number, wasRotating: boolean): Place[] {
    const epoch = this.#epoch
    if (epoch === begunEpoch && !wasRotating) return []
    const before = this.orbit.at(Math.max(0, epoch - 1)).servers[server] as number
    const now = this.satelliteOf(server)
    const places: Place[] = []
    if (before !== now) places.push({ satellite: before, epoch })
    if (before !== now || epoch !== begunEpoch) places.push({ satellite: now, epoch })
    return places
  }

  /** Tell every server of a block, and who is just handing one over, that what it has of it is useless. */
  purge(block: number): void {
    const send = (satellite: number): void =>
      this.satellites.sendPurge(fromHost, satellite, this.#epoch, block)
    for (const satellite of this.#servers) send(satellite)
    for (const satellite of this.#leaving()) send(satellite)
  }

  /**
   * The constellation has turned: every server of the old and the new placement learns the epoch, and those that leave
   * move their chunks. Until all have reported, reads look at both places.
   */
  *rotate(): Process<RotationReport> {
    this.#epoch += 1
    this.#servers = this.orbit.at(this.#epoch).servers
    const total = { chunks: 0, bytes: 0 }
    if (this.#modelOnBoard) return total
    this.satellites.links.changed()
    this.#rotating = true
    const told = [...this.#servers, ...this.#leaving()]
    yield* waitFor<null>((resume) => {
      let waiting = told.length
      for (const satellite of told) {
        const cargo = new Rotation(this, (report) => {
          total.chunks += report.chunks
          total.bytes += report.bytes
          waiting -= 1
          if (waiting === 0) resume(null)
        })
        const { links } = this.satellites
        links.send(new Packet(links, cargo, fromHost, satellite, this.#epoch, rotateBytes))
      }
    })
    this.#rotating = false
    return total
  }

  #leaving(): Iterable<number> {
    return this.#rotating ? this.orbit.at(this.#epoch).leaving.keys() : []
  }
}

const nothing: RotationReport = { chunks: 0, bytes: 0 }

/** Tells a satellite that the constellation has turned; it answers when it has moved what it had to move. */
class Rotation implements Cargo {
  readonly limitMs = migrationLimitMs
  readonly #ground: GroundServers
  readonly #done: (report: RotationReport) => void
  #report = nothing

  constructor(ground: GroundServers, done: (report: RotationReport) => void) {
    this.#ground = ground
    this.#done = done
  }

  arrive(packet: Packet): void {
    const { satellites, orbit, migrations } = this.#ground
    const { destination, epoch, links } = packet
    satellites.learnEpoch(destination, epoch)
    const successor = orbit.at(epoch).leaving.get(destination)
    if (successor === undefined) return links.answer(packet, rotatedBytes)
    migrations.moveTo(destination, successor, epoch, (report) => {
      this.#report = report
      links.answer(packet, rotatedBytes)
    })
  }

  returned(): void {
    this.#done(this.#report)
  }

  lost(): void {
    this.#done(nothing)
  }
}
