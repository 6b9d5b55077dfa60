import { z } from 'zod'

/** Every error that crosses a boundary carries one of these codes; screens and scripts switch on the code, never on text. */
export const errorCodes = [
  'invalid_argument',
  /** As the OpenAI API calls it: more tokens than the model's context has room for. */
  'context_length_exceeded',
  'invalid_experiment',
  'invalid_trace',
  'invalid_model',
  'not_found',
  'conflict',
  'cancelled',
  'timeout',
  'not_supported',
  'unauthorised',
  'internal',
  'lab_not_running',
  'lab_start_failed',
  'host_down',
  'port_in_use',
  'version_skew',
  'connection_lost',
  'protocol_error',
  'unreachable',
  'engine_failed',
  'trial_failed',
  'documents_unreadable',
  'host_key_unknown',
  'host_key_changed',
  'secret_needed',
  'authentication_failed',
  'lab_held',
  'host_disk_full',
  'host_not_writable',
  'not_installed',
  'provisioning_failed',
  'storage_full',
  'storage_unwritable',
  'storage_locked',
  'storage_corrupt',
  'export_failed',
] as const

export const errorCode = z.enum(errorCodes)
export type ErrorCode = z.infer<typeof errorCode>

export const errorBody = z.object({
  code: errorCode,
  /** What happened, and to which host or file. */
  message: z.string(),
  /** What to do next; empty when there is nothing to do. */
  hint: z.string(),
  details: z.record(z.string(), z.unknown()),
})
export type ErrorBody = z.infer<typeof errorBody>

/** The error of every layer: a closed code, what happened, what to do next. */
export class SkyError extends Error {
  override readonly name = 'SkyError'
  readonly code: ErrorCode
  readonly hint: string
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, hint = '', details: Record<string, unknown> = {}) {
    super(message)
    this.code = code
    this.hint = hint
    this.details = details
  }
}

/** What to send of any thrown value: a SkyError as it is, anything else as `internal`. */
export function toErrorBody(thrown: unknown): ErrorBody {
  if (thrown instanceof SkyError) {
    return { code: thrown.code, message: thrown.message, hint: thrown.hint, details: thrown.details }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'internal',
    message,
    hint: 'This is a defect of the program: please report it.',
    details: {},
  }
}

export function fromErrorBody(body: ErrorBody): SkyError {
  return new SkyError(body.code, body.message, body.hint, body.details)
}
