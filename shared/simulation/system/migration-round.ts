import { acknowledgeLimitMs, migrationWindow } from '../../kvc/protocol-limits'
import type { RotationReport } from '../../protocol/messages'
import type { BlockCut } from './block-cut'
import { Packet, type Cargo } from './packet'
import { acknowledgeBytes, chunkSetBytes, namedManifestBytes } from './packet-bytes'
import { Parcels, type Parcel } from './parcels'
import { add } from './satellite-counts'
import type { Satellites } from './satellites'

/** A satellite that has left the placement, and where what it has goes: nowhere any more once it is back. */
export interface Leaving {
  readonly satellite: number
  readonly successor: number | null
  readonly epoch: number
}

/** Moves what a satellite stores, and what arrives meanwhile, until nothing is left. */
export class MigrationRound {
  readonly satellites: Satellites
  readonly cut: BlockCut
  readonly #leaving: Leaving
  readonly #done: (report: RotationReport) => void
  readonly #report = { chunks: 0, bytes: 0 }
  #parcels: Parcels | null = null
  /** The next parcel; null when the last one has been sent. */
  #next: Parcel | null = null
  #underWay = 0
  #pumping = false

  constructor(
    satellites: Satellites,
    cut: BlockCut,
    leaving: Leaving,
    done: (report: RotationReport) => void,
  ) {
    this.satellites = satellites
    this.cut = cut
    this.#leaving = leaving
    this.#done = done
  }

  /** Send as much as may be under way. Answers may come at once, so it is a loop and not a recursion. */
  go(): void {
    if (this.#pumping) return
    this.#pumping = true
    const over = this.#pump()
    this.#pumping = false
    if (over) this.#done(this.#report)
  }

  answered(parcel: Parcel, stored: boolean): void {
    const { memories, counts } = this.satellites
    const { satellite } = this.#leaving
    this.#underWay -= 1
    if (parcel.runs.length === 0) {
      memories.manifests.remove(satellite, parcel.block)
    } else {
      for (const run of parcel.runs) memories.removeChunks(satellite, run)
      if (stored) {
        this.#report.chunks += parcel.chunks
        this.#report.bytes += parcel.bytes
        add(counts.migratedOut, satellite, parcel.chunks)
      }
    }
    this.go()
  }

  /** True when nothing is left and nothing is under way. */
  #pump(): boolean {
    for (;;) {
      if (this.#next === null && this.#underWay === 0) {
        this.#parcels = new Parcels(this.satellites.memories, this.cut, this.#leaving.satellite)
        this.#next = this.#parcels.next()
        if (this.#next === null || this.#leaving.successor === null) return true
      }
      const parcel = this.#next
      if (parcel === null || this.#underWay === migrationWindow) return false
      this.#next = this.#parcels?.next() ?? null
      const { satellite, successor, epoch } = this.#leaving
      if (successor === null) continue
      this.#underWay += 1
      const { links } = this.satellites
      const bytes = parcel.runs.length === 0 ? namedManifestBytes : chunkSetBytes(parcel.chunks, parcel.bytes)
      links.send(new Packet(links, new Transfer(this, parcel), satellite, successor, epoch, bytes))
    }
  }
}

class Transfer implements Cargo {
  readonly limitMs = acknowledgeLimitMs
  readonly #round: MigrationRound
  readonly #parcel: Parcel
  #whole = false

  constructor(round: MigrationRound, parcel: Parcel) {
    this.#round = round
    this.#parcel = parcel
  }

  arrive(packet: Packet): void {
    const { satellites } = this.#round
    const { block, runs } = this.#parcel
    if (runs.length === 0) {
      satellites.memories.manifests.put(packet.destination, block)
      this.#whole = true
    } else {
      this.#whole = this.#store(packet.destination)
    }
    satellites.links.answer(packet, acknowledgeBytes)
    satellites.stored(packet.destination, packet.epoch)
  }

  /** True when everything that it brings stays. */
  #store(satellite: number): boolean {
    const { satellites, cut } = this.#round
    const { memories, counts } = satellites
    const { block, runs, chunks } = this.#parcel
    let stored = 0
    for (const run of runs) {
      const here = memories.set(satellite, block, run.server, run)
      stored += here
      // Of chunks that do not all fit, it is the last one that does.
      const bytes = cut.bytesOf(run.server, run.first + run.count - here, here)
      add(counts.migratedBytes, satellite, bytes)
    }
    add(counts.migratedIn, satellite, stored)
    counts.totalMigratedIn += stored
    const lost = satellites.settleEvictions(satellite, block)
    return stored === chunks && !lost
  }

  returned(): void {
    this.#round.answered(this.#parcel, this.#whole)
  }

  lost(): void {
    this.#round.answered(this.#parcel, false)
  }
}
