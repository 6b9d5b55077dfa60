import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { toErrorBody } from '#shared/contract/errors'
import App from './App.vue'
import type { DesktopApi } from './desktop-api'
import { engineKey, type ConsoleClient } from './engine'
import { createConsoleRouter } from './router'
import StartPage from './shell/start-page.vue'
import { useConstellation } from './stores/constellation'
import { useInventories } from './stores/inventories'
import { useLab } from './stores/lab'
import { useLive } from './stores/live'
import { useLog } from './stores/log'
import { useRuns } from './stores/runs'
import './theme/tokens.css'
import './theme/base.css'
import './theme/field.css'
import './theme/menu.css'
import './theme/page.css'
import './theme/table.css'
import './theme/tabs.css'

/** Put the console's window into `selector`: what it waits for first, then the app, or why it could not start. */
export async function mountConsole(
  selector: string,
  connecting: Promise<ConsoleClient>,
  desktop: DesktopApi,
): Promise<void> {
  const waiting = createApp(StartPage, { error: null })
  waiting.mount(selector)
  let client: ConsoleClient
  try {
    client = await connecting
  } catch (thrown) {
    waiting.unmount()
    createApp(StartPage, { error: toErrorBody(thrown) }).mount(selector)
    return
  }
  waiting.unmount()

  const router = createConsoleRouter()
  const app = createApp(App)
  app.provide(engineKey, { client, desktop })
  app.use(createPinia())
  app.use(router)
  // The stores subscribe before they ask, so that nothing falls between answer and event.
  app.runWithContext(() => {
    const stores = [useLab(), useRuns(), useLog(), useConstellation(), useInventories()]
    useLive()
    for (const store of stores) void store.refresh().catch((thrown: unknown) => console.error(thrown))
  })
  await router.isReady().catch(() => undefined)
  app.mount(selector)
}
