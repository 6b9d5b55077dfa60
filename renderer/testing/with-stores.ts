import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { DemoEngine } from '../dev/demo-engine'
import { demoDesktop } from '../dev/demo-desktop'
import { engineKey } from '../engine'

/** Unix ms at which the made-up engine's clock starts in tests. */
export const testStart = Date.UTC(2026, 0, 5, 12)

/** The stores of a window without a window, over a made-up lab engine. */
export function withStores() {
  const engine = new DemoEngine(testStart)
  const app = createApp({ render: () => null })
  app.provide(engineKey, { client: engine.client, desktop: demoDesktop })
  app.use(createPinia())
  return { engine, use: <T>(store: () => T): T => app.runWithContext(store) }
}
