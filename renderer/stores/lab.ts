import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { LabHost, LabState } from '#shared/contract/console-api'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../engine'

/** The lab as the engine last told it. */
export const useLab = defineStore('lab', () => {
  const { client } = useEngine()
  const state = shallowRef<LabState | null>(null)
  /** Why the last start or stop was refused. */
  const error = shallowRef<ErrorBody | null>(null)
  const restarting = ref<ReadonlySet<string>>(new Set())

  client.on('labChanged', (changed) => {
    state.value = changed
    if (changed.kind === 'running') error.value = null
  })

  const hosts = computed<readonly LabHost[]>(() => {
    const now = state.value
    return now === null || now.kind === 'stopped' ? [] : now.hosts
  })
  const healthy = computed(() => hosts.value.filter((host) => host.state.kind === 'healthy').length)
  const running = computed(() => (state.value?.kind === 'running' ? state.value : null))

  async function refresh(): Promise<void> {
    state.value = await client.call('labState', {})
  }

  async function start(slots: number, planes: number): Promise<boolean> {
    error.value = null
    try {
      state.value = await client.call('startLab', { slots, planes })
      return true
    } catch (thrown) {
      error.value = toErrorBody(thrown)
      return false
    }
  }

  async function stop(): Promise<void> {
    error.value = null
    try {
      await client.call('stopLab', {})
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  async function restartHost(hostId: string): Promise<void> {
    restarting.value = new Set([...restarting.value, hostId])
    try {
      await client.call('restartHost', { hostId })
    } finally {
      restarting.value = new Set([...restarting.value].filter((id) => id !== hostId))
    }
  }

  return { state, error, restarting, hosts, healthy, running, refresh, start, stop, restartHost }
})
