import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { InstallProgress, ModelEngine } from '#shared/contract/model-engine-api'
import { useEngine } from '../engine'

/** llama.cpp on this computer: whether it is there, and its installation. */
export const useModelEngine = defineStore('modelEngine', () => {
  const { client } = useEngine()
  const found = shallowRef<ModelEngine | null>(null)
  /** Null while nothing is installed. */
  const progress = shallowRef<InstallProgress | null>(null)
  const error = shallowRef<ErrorBody | null>(null)
  /** Without it no model runs here; one of another version does run them. */
  const isMissing = computed(() => found.value?.state === 'absent' || found.value?.state === 'incomplete')
  let ending: AbortController | null = null

  client.on('installProgress', (event) => {
    if (ending !== null) progress.value = event
  })

  async function refresh(): Promise<void> {
    try {
      found.value = await client.call('modelEngine', {})
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  /** @param from a folder with the files; null = they are downloaded */
  async function install(from: string | null = null): Promise<void> {
    if (ending !== null) return
    ending = new AbortController()
    error.value = null
    progress.value = { step: 'download', done: 0, total: found.value?.downloadBytes ?? 0, fraction: 0 }
    try {
      found.value = await client.call('installModelEngine', { from }, ending.signal)
    } catch (thrown) {
      const failed = toErrorBody(thrown)
      if (failed.code !== 'cancelled') error.value = failed
    } finally {
      ending = null
      progress.value = null
    }
  }

  function cancel(): void {
    ending?.abort()
  }

  return { found, progress, error, isMissing, refresh, install, cancel }
})
