import type { ConstellationSnapshot } from '#shared/contract/console-api'
import type { LabService } from '../hosts/lab-service'
import { constellationSnapshot } from './constellation'
import type { CurrentTrial } from './run-queue'

/** Twice a second: fast enough to watch chunks wander, slow enough not to disturb what is measured. */
const periodMs = 500

export interface ConstellationFeedOptions {
  readonly lab: LabService
  readonly current: () => CurrentTrial | null
  /** False while nobody would see a snapshot. */
  readonly isHeard: () => boolean
  readonly emit: (snapshot: ConstellationSnapshot) => void
}

/** Asks the hosts and tells how the constellation looks, while somebody listens and a lab runs. */
export class ConstellationFeed {
  readonly #options: ConstellationFeedOptions
  readonly #timer: NodeJS.Timeout
  #asking = false

  constructor(options: ConstellationFeedOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#tell(), periodMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #tell(): Promise<void> {
    const { lab, current, isHeard, emit } = this.#options
    const hosts = lab.hosts
    if (this.#asking || !hosts || !isHeard()) return
    this.#asking = true
    try {
      await hosts.poll()
      if (lab.hosts === hosts) emit(constellationSnapshot(hosts, current(), lab.failures, Date.now()))
    } finally {
      this.#asking = false
    }
  }
}
