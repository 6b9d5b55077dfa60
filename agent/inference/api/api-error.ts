import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { SkyError, toErrorBody, type ErrorBody, type ErrorCode } from '#shared/contract/errors'
import { apiError } from './openai-format'

/** What a client is told that something is wrong with: in the words of the OpenAI API. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode
  readonly code: string | null
  readonly param: string | null

  constructor(
    status: ContentfulStatusCode,
    message: string,
    { code = null, param = null }: { readonly code?: string | null; readonly param?: string | null } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.param = param
  }

  get body() {
    const type =
      this.status === 429 ? 'rate_limit_error' : this.status < 500 ? 'invalid_request_error' : 'server_error'
    return apiError(this.message, type, this.code, this.param)
  }
}

/** A refusal by the model, which does not know the request's parameters, is blamed on this one. @throws ApiError */
export async function blaming<T>(param: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    const { status, message, code } = toApiError(thrown)
    throw new ApiError(status, message, { code, param: status === 400 ? param : null })
  }
}

export function contextExceeded(message: string, param: string): ApiError {
  return new ApiError(400, message, { code: 'context_length_exceeded', param })
}

export function toApiError(thrown: unknown): ApiError {
  return thrown instanceof ApiError ? thrown : apiErrorOf(toErrorBody(thrown))
}

/** Of an error of the model or of the lab's hosts. */
export function apiErrorOf({ code, message, hint }: ErrorBody): ApiError {
  return new ApiError(statusOf(code), hint === '' ? message : `${message}. ${hint}`.replace('..', '.'), {
    code,
  })
}

function statusOf(code: ErrorCode): ContentfulStatusCode {
  switch (code) {
    case 'invalid_argument':
    case 'context_length_exceeded':
    case 'not_supported':
      return 400
    case 'not_found':
      return 404
    case 'conflict':
      return 429
    // Clients try these again by themselves: the model's process is started anew with the next request.
    case 'engine_failed':
    case 'cancelled':
      return 503
    default:
      return 500
  }
}

/** @throws ApiError when too many requests wait */
export function requireRoom(load: { readonly waiting: number; readonly isFull: boolean }): void {
  if (!load.isFull) return
  throw toApiError(
    new SkyError('conflict', `${load.waiting} requests wait for the model already`, 'Try later.'),
  )
}
