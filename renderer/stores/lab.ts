import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { LabHost, LabState } from '#shared/contract/console-api'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../engine'
import { useConnection } from './connection'
import { useInventories } from './inventories'

/** The lab of processes on this computer. */
export const localLab = 'local'

/** The lab as the engine last told it. */
export const useLab = defineStore('lab', () => {
  const { client } = useEngine()
  const connection = useConnection()
  const inventories = useInventories()
  const state = shallowRef<LabState | null>(null)
  /** Why the last start or stop was refused. */
  const error = shallowRef<ErrorBody | null>(null)
  /** The lab that `error` is about. */
  const refused = shallowRef<string | null>(null)
  /** The lab that is being started or connected to. */
  const connecting = shallowRef<string | null>(null)
  const restarting = ref<ReadonlySet<string>>(new Set())

  let starting: AbortController | null = null

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
  const unreachable = computed(() => hosts.value.filter((host) => host.state.kind === 'unreachable'))

  async function refresh(): Promise<void> {
    state.value = await client.call('labState', {})
  }

  /**
   * Start the local lab, or connect to the agents of an inventory's hosts.
   * @returns false when it was refused; `error` says why, unless the user cancelled
   */
  async function start(slots: number, planes: number, name = localLab): Promise<boolean> {
    error.value = null
    connecting.value = name
    starting = new AbortController()
    const { signal } = starting
    try {
      if (name !== localLab) {
        const { hosts: members } = await inventories.load(name)
        await connection.reach(
          name,
          members.map((host) => host.name),
          signal,
        )
      }
      state.value = await connection.asking(() =>
        client.call('startLab', { lab: name, slots, planes }, signal),
      )
      return true
    } catch (thrown) {
      const reason = toErrorBody(thrown)
      if (reason.code !== 'cancelled') {
        error.value = reason
        refused.value = name
      }
      return false
    } finally {
      connecting.value = null
      starting = null
    }
  }

  /** End a start: its questions, its connections, and what the engine has begun. */
  async function cancelStart(): Promise<void> {
    starting?.abort()
    connection.cancel()
    await stop()
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

  return {
    state,
    error,
    refused,
    connecting,
    restarting,
    hosts,
    healthy,
    unreachable,
    running,
    refresh,
    start,
    cancelStart,
    stop,
    restartHost,
  }
})
