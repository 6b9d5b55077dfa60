import { packetBytes } from '../../kvc/block-shape'
import { acknowledgeLimitMs, migrationWindow } from '../../kvc/protocol-limits'
import type { RotationReport } from '../../protocol/messages'
import type { BlockCut } from './block-cut'
import { Packet, type Cargo } from './packet'
import { acknowledgeBytes, chunkSetBytes, namedManifestBytes } from './packet-bytes'
import type { StoredRun } from './satellite-memories'
import { add } from './satellite-counts'
import type { MigrationControl, Satellites } from './satellites'

/** One packet's worth: chunks of a block, or, without any, its manifest. */
interface Parcel {
  readonly block: number
  readonly runs: readonly StoredRun[]
  readonly chunks: number
  readonly bytes: number
}

/** A satellite that has left the placement. */
interface Leaver {
  readonly satellite: number
  successor: number | null
  epoch: number
  /** Rounds run one after another: what calls for one while one runs waits. */
  readonly rounds: ((report: RotationReport) => void)[]
  moving: boolean
}

/** Moves everything that satellites store to their successors when a rotation takes them out of the placement. */
export class Migrations implements MigrationControl {
  readonly satellites: Satellites
  readonly cut: BlockCut
  readonly #leavers = new Map<number, Leaver>()

  constructor(satellites: Satellites, cut: BlockCut) {
    this.satellites = satellites
    this.cut = cut
    satellites.migrations = this
  }

  /** This satellite leaves the placement: move everything to its successor, then report. */
  moveTo(
    satellite: number,
    successor: number,
    epoch: number,
    report: (report: RotationReport) => void,
  ): void {
    let leaver = this.#leavers.get(satellite)
    if (leaver === undefined) {
      leaver = { satellite, successor, epoch, rounds: [], moving: false }
      this.#leavers.set(satellite, leaver)
    }
    leaver.successor = successor
    leaver.epoch = epoch
    leaver.rounds.push(report)
    if (!leaver.moving) this.#nextRound(leaver)
  }

  stay(satellite: number): void {
    const leaver = this.#leavers.get(satellite)
    if (leaver === undefined) return
    leaver.successor = null
    if (!leaver.moving) this.#leavers.delete(satellite)
  }

  follow(satellite: number): void {
    const leaver = this.#leavers.get(satellite)
    if (leaver === undefined || leaver.successor === null || leaver.moving) return
    leaver.rounds.push(() => undefined)
    this.#nextRound(leaver)
  }

  #nextRound(leaver: Leaver): void {
    const report = leaver.rounds.shift()
    leaver.moving = report !== undefined
    if (report === undefined) {
      if (leaver.successor === null) this.#leavers.delete(leaver.satellite)
      return
    }
    const round = new Round(this, leaver, (moved) => {
      report(moved)
      this.#nextRound(leaver)
    })
    round.go()
  }
}

/** Moves what is stored, and what arrives meanwhile, until nothing is left. */
class Round {
  readonly #migrations: Migrations
  readonly #leaver: Leaver
  readonly #done: (report: RotationReport) => void
  readonly #report = { chunks: 0, bytes: 0 }
  #parcels: Iterator<Parcel, undefined> = [].values()
  /** The next parcel; null when the last one has been sent. */
  #next: Parcel | null = null
  #underWay = 0
  #pumping = false

  constructor(migrations: Migrations, leaver: Leaver, done: (report: RotationReport) => void) {
    this.#migrations = migrations
    this.#leaver = leaver
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
    const { memories, counts } = this.#migrations.satellites
    const { satellite } = this.#leaver
    this.#underWay -= 1
    if (parcel.runs.length === 0) {
      memories.removeManifest(satellite, parcel.block)
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
    const { satellites } = this.#migrations
    for (;;) {
      if (this.#next === null && this.#underWay === 0) {
        this.#parcels = this.#pack()
        this.#next = this.#parcels.next().value ?? null
        if (this.#next === null || this.#leaver.successor === null) return true
      }
      const parcel = this.#next
      if (parcel === null || this.#underWay === migrationWindow) return false
      this.#next = this.#parcels.next().value ?? null
      const { satellite, successor, epoch } = this.#leaver
      if (successor === null) continue
      this.#underWay += 1
      const cargo = new Transfer(this.#migrations, this, parcel)
      const bytes = parcel.runs.length === 0 ? namedManifestBytes : chunkSetBytes(parcel.chunks, parcel.bytes)
      satellites.links.send(new Packet(satellites.links, cargo, satellite, successor, epoch, bytes))
    }
  }

  /** Everything that is stored now, by block, least recently used first, so that the successor keeps the order. */
  *#pack(): Generator<Parcel, undefined> {
    const { memories } = this.#migrations.satellites
    const { satellite } = this.#leaver
    const stored = memories.oldestFirst(satellite)
    const manifests = memories.manifests(satellite)
    // Blocks that lie in several runs go together, where the first of them lies.
    const scattered = new Map<number, StoredRun[]>()
    for (let i = 0; i < stored.length; i++) {
      const block = stored.block(i)
      if (!memories.isScattered(satellite, block)) continue
      const runs = scattered.get(block)
      if (runs === undefined) scattered.set(block, [stored.run(i)])
      else runs.push(stored.run(i))
    }
    for (let i = 0; i < stored.length; i++) {
      const block = stored.block(i)
      const runs = scattered.get(block) ?? [stored.run(i)]
      if (runs.length === 0) continue
      for (const group of this.#group(runs)) yield { block, ...group }
      if (scattered.has(block)) scattered.set(block, [])
    }
    for (const block of manifests) yield { block, runs: [], chunks: 0, bytes: 0 }
    return undefined
  }

  /** As many chunks a packet as fit, and at least one, in the order in which they are given. */
  #group(runs: readonly StoredRun[]): Omit<Parcel, 'block'>[] {
    const { cut } = this.#migrations
    const groups: { runs: StoredRun[]; chunks: number; bytes: number }[] = []
    let group = { runs: [] as StoredRun[], chunks: 0, bytes: 0 }
    for (const { block, server, first, count } of runs) {
      const end = first + count
      for (let chunk = first; chunk < end;) {
        let taken = Math.min(end - chunk, Math.floor((packetBytes - group.bytes) / cut.chunkBytes))
        // The block's last chunk may be short enough to fit beside a full packet's worth of the others.
        if (chunk + taken < end && group.bytes + cut.bytesOf(server, chunk, taken + 1) <= packetBytes)
          taken += 1
        if (taken === 0 && group.chunks === 0) taken = 1
        if (taken === 0) {
          groups.push(group)
          group = { runs: [], chunks: 0, bytes: 0 }
          continue
        }
        group.runs.push({ block, server, first: chunk, count: taken })
        group.chunks += taken
        group.bytes += cut.bytesOf(server, chunk, taken)
        chunk += taken
      }
    }
    if (group.chunks > 0) groups.push(group)
    return groups
  }
}

class Transfer implements Cargo {
  readonly limitMs = acknowledgeLimitMs
  readonly #migrations: Migrations
  readonly #round: Round
  readonly #parcel: Parcel
  #whole = false

  constructor(migrations: Migrations, round: Round, parcel: Parcel) {
    this.#migrations = migrations
    this.#round = round
    this.#parcel = parcel
  }

  arrive(packet: Packet): void {
    const { satellites } = this.#migrations
    const { block, runs } = this.#parcel
    if (runs.length === 0) {
      satellites.memories.putManifest(packet.destination, block)
      this.#whole = true
    } else {
      this.#whole = this.#store(packet.destination)
    }
    satellites.links.answer(packet, acknowledgeBytes)
    satellites.stored(packet.destination, packet.epoch)
  }

  /** True when everything that it brings stays. */
  #store(satellite: number): boolean {
    const { satellites, cut } = this.#migrations
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
