import type {} from '../renderer/desktop-api'
import type {} from '../renderer/rpc/console-client'
import type { Page } from '@playwright/test'

/** Ask the lab engine from inside the page, over a MessagePort of its own, as the page's client does. */
export async function engineCall(page: Page, method: string, params: object = {}): Promise<unknown> {
  return page.evaluate(
    async ([name, args]) => {
      // The page asks for its own port first, and shows its rail once it has it: two at a time could get each other's.
      while (document.querySelector('nav a') === null) await new Promise(requestAnimationFrame)
      return new Promise<unknown>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no answer to ${name}`)), 20_000)
        const onMessage = (event: MessageEvent<unknown>): void => {
          const port = event.ports[0]
          if (event.data !== 'skymemory:engine-port' || port === undefined) return
          window.removeEventListener('message', onMessage)
          port.onmessage = (answer: MessageEvent<{ id?: number; result?: unknown }>) => {
            if (answer.data.id !== 1) return
            clearTimeout(timer)
            resolve(answer.data.result)
            port.close()
          }
          port.postMessage({ jsonrpc: '2.0', id: 1, method: name, params: args })
        }
        window.addEventListener('message', onMessage)
        void window.engine.connect()
      })
    },
    [method, params] as const,
  )
}
