import type { MachineReading } from '#shared/contract/console-api'
import type { CounterSample } from '#shared/experiment/timeline'
import type { LabHosts } from '../hosts/lab-hosts'

/**
 * Takes what the hosts of a lab last said during a trial, at the times of the trial's records: those are by the clock of the inference
 * host, and the clocks of machines differ.
 */
export class TrialSamples {
  readonly #lab: LabHosts
  /** Unix ms by this machine's clock: what hosts said before does not belong to the trial. */
  readonly #startedAt: number
  readonly #lastRead = new Map<string, number>()

  constructor(lab: LabHosts, startedAt: number) {
    this.#lab = lab
    this.#startedAt = startedAt
  }

  /** A moment of this machine's clock, as the inference host would tell it. */
  trialTime(at: number): number {
    const inference = this.#lab.hosts().find((host) => host.role === 'inference')
    return at + (inference?.clock?.offsetMs ?? 0)
  }

  /** Totals over all satellites; null where no host has spoken yet. */
  counters(): CounterSample | null {
    let [storedBytes, evictedChunks, migratedChunks, at] = [0, 0, 0, 0]
    for (const sample of this.#lab.samples().values()) {
      if (sample.at < this.#startedAt) continue
      at = Math.max(at, sample.trialAt ?? this.trialTime(sample.at))
      for (const satellite of sample.satellites) {
        storedBytes += satellite.bytes
        evictedChunks += satellite.evictions
        migratedChunks += satellite.migratedIn
      }
    }
    return at === 0 ? null : { at, storedBytes, evictedChunks, migratedChunks }
  }

  /** Readings of machines that were not taken yet. */
  readings(): MachineReading[] {
    const readings: MachineReading[] = []
    for (const [hostId, { machine: read }] of this.#lab.samples()) {
      if (read === null) continue
      const { machine, telemetry } = read
      const offsetMs = this.#lab.hosts().find((host) => host.hostId === hostId)?.clock?.offsetMs ?? 0
      const heardAt = telemetry.at - offsetMs
      if (heardAt < this.#startedAt || telemetry.at <= (this.#lastRead.get(machine) ?? 0)) continue
      this.#lastRead.set(machine, telemetry.at)
      readings.push({ ...telemetry, machine, at: this.trialTime(heardAt) })
    }
    return readings
  }
}
