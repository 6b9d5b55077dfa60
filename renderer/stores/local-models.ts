import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { LocalModel, LocalModelProgress } from '#shared/contract/local-model-api'
import { useEngine } from '../engine'

/** The models that are kept on this computer. */
export const useLocalModels = defineStore('localModels', () => {
  const { client } = useEngine()
  /** Null until they have been asked for. */
  const models = shallowRef<readonly LocalModel[] | null>(null)
  /** Null while none is added. */
  const progress = shallowRef<LocalModelProgress | null>(null)
  const error = shallowRef<ErrorBody | null>(null)
  let ending: AbortController | null = null

  client.on('localModelProgress', (event) => {
    if (ending !== null) progress.value = event
  })

  async function refresh(): Promise<void> {
    try {
      models.value = await client.call('localModels', {})
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  /** @returns the name of what was added; null when it was not */
  function add(file: string): Promise<string | null> {
    return adding('read', (signal) => client.call('addLocalModel', { file }, signal))
  }

  /** A tiny model of random weights. @returns as `add` */
  function addRandom(): Promise<string | null> {
    return adding('write', (signal) => client.call('addRandomModel', {}, signal))
  }

  async function adding(
    step: LocalModelProgress['step'],
    work: (signal: AbortSignal) => Promise<{ name: string }>,
  ): Promise<string | null> {
    if (ending !== null) return null
    ending = new AbortController()
    error.value = null
    progress.value = { step, fraction: 0 }
    try {
      const { name } = await work(ending.signal)
      await refresh()
      return name
    } catch (thrown) {
      const failed = toErrorBody(thrown)
      if (failed.code !== 'cancelled') error.value = failed
      return null
    } finally {
      ending = null
      progress.value = null
    }
  }

  async function remove(name: string): Promise<void> {
    error.value = null
    try {
      await client.call('removeLocalModel', { name })
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
    await refresh()
  }

  function cancel(): void {
    ending?.abort()
  }

  return { models, progress, error, refresh, add, addRandom, remove, cancel }
})
