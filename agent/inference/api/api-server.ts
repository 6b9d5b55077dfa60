import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { SkyError } from '#shared/contract/errors'
import type { CachedModel } from '../answer-request'
import { ModelMetrics } from '../model-metrics'
import { ServedModel } from '../served-model'
import { createApp } from './api-routes'

/** An OpenAI-compatible HTTP API on loopback, in front of a model with the cache. */
export class ApiServer {
  #server: Server | null = null
  #url: string | null = null
  #served: ServedModel | null = null

  /** Base URL for clients, or null while it is not served. */
  get url(): string | null {
    return this.#url
  }

  /** The model behind it. */
  get served(): ServedModel | null {
    return this.#served
  }

  /** @throws SkyError port_in_use */
  async start(model: CachedModel, port: number): Promise<string> {
    const metrics = new ModelMetrics(model.engine.model.id)
    const served = new ServedModel(model, metrics)
    metrics.watch(() => served.load)
    const app = createApp(served, metrics)
    const server = await new Promise<Server>((resolve, reject) => {
      const created = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () =>
        resolve(created),
      ) as Server
      created.once('error', (error: NodeJS.ErrnoException) => {
        const inUse = error.code === 'EADDRINUSE'
        const message = `the API cannot listen on port ${port}: ${error.message}`
        reject(
          new SkyError(
            inUse ? 'port_in_use' : 'internal',
            message,
            inUse ? 'Choose another port, or 0.' : '',
          ),
        )
      })
    })
    const address = server.address()
    this.#server = server
    this.#served = served
    this.#url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/v1`
    return this.#url
  }

  /** Also ends the requests that are under way. */
  async stop(): Promise<void> {
    this.#served?.close()
    const server = this.#server
    this.#server = null
    this.#served = null
    this.#url = null
    if (server === null) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
