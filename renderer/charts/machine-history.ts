import type { MachineLoad } from '#shared/contract/console-api'
import type { MachinePoint } from './machine-charts'

/** Seconds of a trial that charts keep: two hours. All of them are stored. */
const secondsKept = 7_200

/** What machines did during the trials of a run, second by second; a second that comes twice (stored and live) is kept once. */
export class MachineHistory {
  readonly #trials = new Map<string, Map<number, Record<string, MachineLoad>>>()

  /** The newest trial of which anything is known. */
  get newestTrial(): string | null {
    return [...this.#trials.keys()].at(-1) ?? null
  }

  get trialIds(): string[] {
    return [...this.#trials.keys()]
  }

  add(trialId: string, second: number, loads: Readonly<Record<string, MachineLoad>>): void {
    if (Object.keys(loads).length === 0) return
    const seconds = this.#trials.get(trialId) ?? new Map<number, Record<string, MachineLoad>>()
    this.#trials.set(trialId, seconds)
    seconds.set(second, { ...seconds.get(second), ...loads })
    if (seconds.size > secondsKept) seconds.delete(seconds.keys().next().value!)
  }

  forget(trialId: string): void {
    this.#trials.delete(trialId)
  }

  clear(): void {
    this.#trials.clear()
  }

  /** @param startS where on the time axis the trial begins */
  points(trialId: string, startS = 0): MachinePoint[] {
    return [...(this.#trials.get(trialId) ?? [])].flatMap(([second, loads]) =>
      Object.entries(loads).map(([machine, load]) => ({ x: startS + second, machine, load })),
    )
  }
}
