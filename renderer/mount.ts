import { createApp } from 'vue'
import type { ConsoleApi } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import type { DesktopApi } from './desktop-api'

/** Put the console's window into `selector`. */
export function mountConsole(
  selector: string,
  client: Promise<Client<ConsoleApi>>,
  desktop: DesktopApi,
): void {
  void client
  void desktop
  createApp({ render: () => null }).mount(selector)
}
