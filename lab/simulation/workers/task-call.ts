import type { MessagePort } from 'node:worker_threads'
import type { ErrorBody } from '#shared/contract/errors'

/** What the pool sends to a worker. */
export interface TaskCall {
  readonly name: string
  readonly input: unknown
  /** Where progress goes; null when nobody listens. */
  readonly progress: MessagePort | null
}

/** What comes back: an Error thrown through a thread would lose its code and hint. */
export type TaskAnswer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ErrorBody }

/** The export of a worker's file that answers calls. */
export const workerExport = 'run'
