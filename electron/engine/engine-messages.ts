import type { ErrorBody } from '#shared/contract/errors'
import type { LabEngineOptions } from '#lab/engine-options'

/** What the main process tells the engine's process. `start` comes with the MessagePort of the keychain, `client` with that of a window. */
export type ToEngine = { kind: 'start'; options: LabEngineOptions } | { kind: 'client' } | { kind: 'stop' }

/** What the engine's process tells the main process. */
export type FromEngine = { kind: 'ready' } | { kind: 'failed'; error: ErrorBody }
