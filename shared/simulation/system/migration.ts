import type { RotationReport } from '../../protocol/messages'
import type { BlockCut } from './block-cut'
import { MigrationRound, type Leaving } from './migration-round'
import type { MigrationControl, Satellites } from './satellites'

interface Leaver extends Leaving {
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
    const round = new MigrationRound(this.satellites, this.cut, leaver, (moved) => {
      report(moved)
      this.#nextRound(leaver)
    })
    round.go()
  }
}
