import { inject, type InjectionKey } from 'vue'
import type { ConsoleApi } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import type { DesktopApi } from './desktop-api'

export type ConsoleClient = Client<ConsoleApi>

/** What the whole window works with: the lab engine, and the desktop around it. */
export interface Engine {
  readonly client: ConsoleClient
  readonly desktop: DesktopApi
}

export const engineKey: InjectionKey<Engine> = Symbol('engine')

export function useEngine(): Engine {
  const engine = inject(engineKey)
  if (!engine) throw new Error('the engine was not provided to this app')
  return engine
}
