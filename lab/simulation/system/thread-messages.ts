import type { Document } from '#shared/contract/agent-control'
import type { ErrorBody } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { JournalEntry, SatelliteCounters } from '#shared/experiment/records'

/** `workerData` that makes a thread of the workers' file a simulated lab instead of a worker of the pool. */
export const simulatedLabThread = { simulatedLab: true } as const

export interface TrialProgress {
  readonly requestsDone: number
  readonly epoch: number
  /** Simulated. */
  readonly elapsedS: number
}

/** What the lab tells its thread. */
export type ToThread =
  | {
      readonly kind: 'start'
      readonly seed: number
      readonly parameters: ParameterValues
      readonly documents: readonly Document[]
      readonly startedAtMs: number
    }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'abort' }
  /** Entries up to this number are stored: as many more may follow. */
  | { readonly kind: 'acknowledged'; readonly seq: number }
  | { readonly kind: 'report' }

/** What the thread tells the lab. */
export type FromThread =
  | { readonly kind: 'started'; readonly requestsTotal: number }
  | { readonly kind: 'refused'; readonly error: ErrorBody }
  | { readonly kind: 'entries'; readonly entries: readonly JournalEntry[]; readonly progress: TrialProgress }
  /** Asked for a report while there is no trial. */
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'reported'
      readonly progress: TrialProgress
      readonly satellites: readonly SatelliteCounters[]
      /** Unix ms on the trial's own clock. */
      readonly trialAt: number
      readonly rssBytes: number
    }
