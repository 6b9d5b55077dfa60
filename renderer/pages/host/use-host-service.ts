import { shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { ServiceState } from '#shared/contract/host-api'
import { useEngine } from '../../engine'
import { useConnection } from '../../stores/connection'

export type ServiceAction = 'start' | 'stop' | 'restart'

/** The service of one host: what it is, and starting and stopping it. */
export function useHostService(lab: () => string, host: () => string) {
  const { client } = useEngine()
  const connection = useConnection()
  const service = shallowRef<ServiceState | null>(null)
  const error = shallowRef<ErrorBody | null>(null)
  const loading = shallowRef(false)
  const acting = shallowRef<ServiceAction | null>(null)

  async function load(): Promise<void> {
    loading.value = true
    error.value = null
    try {
      service.value = await connection.asking(() => client.call('serviceState', { lab: lab(), host: host() }))
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      loading.value = false
    }
  }

  async function act(action: ServiceAction): Promise<void> {
    if (acting.value !== null) return
    acting.value = action
    error.value = null
    try {
      service.value = await connection.asking(() =>
        client.call('controlService', { lab: lab(), host: host(), action }),
      )
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      acting.value = null
    }
  }

  return { service, error, loading, acting, load, act }
}
