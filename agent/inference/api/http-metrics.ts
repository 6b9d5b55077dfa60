import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Counter, Registry } from 'prom-client'

/** Counts what HTTP clients were answered, also those that were refused before there was a request for the model. */
export class HttpMetrics {
  readonly #registry = new Registry()
  readonly #requests = new Counter({
    name: 'http_requests_total',
    help: 'Answers begun, by route, method and class of status.',
    labelNames: ['handler', 'method', 'status'],
    registers: [this.#registry],
  })

  /** First of all, so that nothing is answered before it. */
  readonly count: MiddlewareHandler = async (c, next) => {
    await next()
    // Middleware and what is unknown match any method.
    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
    const status = `${Math.floor(c.res.status / 100)}xx`
    this.#requests.inc({ handler: route?.path ?? 'none', method: c.req.method, status })
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
