import type { TrialStatus } from '#shared/contract/agent-control'
import type { MachineReading } from '#shared/contract/console-api'
import type { LabHosts } from '../hosts/lab-hosts'
import type { Store } from '../store/store'
import { hasCache } from './prepare-trial'
import type { TrialModel } from './run-model'
import type { StorageGate } from './storage-gate'
import type { TrialSamples } from './trial-samples'

type KnownStatus = Exclude<TrialStatus, { kind: 'idle' }>

export interface TrialSamplerOptions {
  readonly lab: LabHosts
  readonly store: Store
  readonly gate: StorageGate
  readonly trial: TrialModel
  readonly samples: TrialSamples
  /** What the inference host says of the trial, at every look. */
  readonly onStatus: (status: KnownStatus) => void
  /** Readings of machines after they are stored. */
  readonly onReadings: (readings: readonly MachineReading[]) => void
}

/** Time between two looks at a running trial, ms: one sample a second on the timeline. */
const samplePeriodMs = 1_000

/** Looks at a running trial once a second, and stores what satellites and machines say. */
export class TrialSampler {
  readonly #options: TrialSamplerOptions
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: TrialSamplerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), samplePeriodMs)
  }

  /** Resolves when the last look is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Store what was last said. */
  async store(): Promise<void> {
    const { gate, store, trial, samples, onReadings } = this.#options
    const { attemptId } = trial.attempt
    const counters = hasCache(trial) ? samples.counters() : null
    const readings = samples.readings()
    if (counters !== null) await gate.run(() => store.records.addSample(attemptId, counters))
    if (readings.length === 0) return
    await gate.run(() => store.machines.add(attemptId, readings))
    onReadings(readings)
  }

  #look(): void {
    const { gate, lab, onStatus } = this.#options
    // While storing is not possible the trial stands still: there is nothing to sample.
    if (gate.reason) return
    this.#looking = this.#looking
      .then(async () => {
        const status = await lab.inference().call('trialStatus', {})
        if (status.kind === 'idle') return
        onStatus(status)
        if (status.kind === 'running') await this.store()
      })
      .catch(() => undefined)
  }
}
