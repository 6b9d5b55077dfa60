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
  /** What was not done, because another console uses the lab. */
  const heldFrom = shallowRef<{ action: ServiceAction; error: ErrorBody } | null>(null)

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

  /** @param force also while another console uses the lab */
  async function act(action: ServiceAction, force = false): Promise<void> {
    if (acting.value !== null) return
    acting.value = action
    heldFrom.value = null
    error.value = null
    try {
      service.value = await connection.asking(() =>
        client.call('controlService', { lab: lab(), host: host(), action, force }),
      )
    } catch (thrown) {
      const body = toErrorBody(thrown)
      if (body.code === 'lab_held') heldFrom.value = { action, error: body }
      else error.value = body
    } finally {
      acting.value = null
    }
  }

  return { service, error, loading, acting, heldFrom, load, act }
}
