import { createPinia } from 'pinia'
import { createApp, effectScope } from 'vue'
import type { ConsoleApi } from '#shared/contract/console-api'
import type { Handlers } from '#shared/contract/rpc'
import { demoClient, type Emit } from '../dev/demo-client'
import { DemoEngine } from '../dev/demo-engine'
import { demoDesktop } from '../dev/demo-desktop'
import { engineKey, type ConsoleClient } from '../engine'

/** Unix ms at which the made-up engine's clock starts in tests. */
export const testStart = Date.UTC(2026, 0, 5, 12)

/** Gives a store of a window without a window. */
type Use = <T>(store: () => T) => T

/** The stores over a made-up lab engine. */
export function withStores(): { engine: DemoEngine; use: Use } {
  const engine = new DemoEngine(testStart)
  return { engine, use: storesOver(engine.client) }
}

/** The stores over an engine that answers what a test says, and tells what it emits. */
export function withEngine(handlers: Partial<Handlers<ConsoleApi>>): { emit: Emit; use: Use } {
  const { client, emit } = demoClient(handlers as Handlers<ConsoleApi>)
  return { emit, use: storesOver(client) }
}

function storesOver(client: ConsoleClient): Use {
  const app = createApp({ render: () => null })
  app.provide(engineKey, { client, desktop: demoDesktop })
  app.use(createPinia())
  const scope = effectScope()
  return (store) => app.runWithContext(() => scope.run(store)!)
}
