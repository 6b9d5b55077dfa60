import type { MiddlewareHandler } from 'hono'
import { apiError } from './openai-format'

const localNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * The API listens on loopback, but a web page that the user has open could still reach it: by a name that resolves to
 * loopback, or by a form that browsers send anywhere. Neither carries both a local Host and a JSON body.
 */
export const localClientsOnly: MiddlewareHandler = async (c, next) => {
  const name = (c.req.header('host') ?? '').replace(/:\d+$/, '')
  if (!localNames.has(name)) {
    return c.json(
      apiError(
        `this server answers to 127.0.0.1 and localhost, not to '${name}'`,
        'invalid_request_error',
        null,
      ),
      403,
    )
  }
  const type = c.req.header('content-type') ?? ''
  if (c.req.method === 'POST' && !/^application\/json\b/i.test(type)) {
    return c.json(
      apiError(`the body must be application/json, not '${type}'`, 'invalid_request_error', null),
      415,
    )
  }
  return next()
}
