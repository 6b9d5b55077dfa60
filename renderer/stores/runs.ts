import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { RunDetail, RunSummary } from '#shared/contract/console-api'
import { useEngine } from '../engine'

/** True while the engine works on a run, or will. */
export function isActive(run: RunSummary): boolean {
  switch (run.state.kind) {
    case 'queued':
    case 'running':
    case 'paused':
      return true
    case 'finished':
    case 'cancelled':
    case 'interrupted':
      return false
  }
}

/** The runs of this installation, newest first. */
export const useRuns = defineStore('runs', () => {
  const { client } = useEngine()
  const byId = shallowRef<ReadonlyMap<string, RunSummary>>(new Map())
  const loaded = shallowRef(false)

  client.on('runChanged', (run) => {
    byId.value = new Map(byId.value).set(run.runId, run)
  })
  client.on('runDeleted', ({ runId }) => {
    const rest = new Map(byId.value)
    rest.delete(runId)
    byId.value = rest
  })

  const list = computed(() => [...byId.value.values()].sort((a, b) => b.createdAt - a.createdAt))
  const active = computed(() => {
    const waiting = list.value.filter(isActive)
    return waiting.find((run) => run.state.kind !== 'queued') ?? waiting.at(-1) ?? null
  })

  async function refresh(): Promise<void> {
    const runs = await client.call('runs', {})
    byId.value = new Map(runs.map((run) => [run.runId, run]))
    loaded.value = true
  }

  return {
    byId,
    list,
    active,
    loaded,
    refresh,
    detail: (runId: string): Promise<RunDetail> => client.call('run', { runId }),
    start: async (yaml: string): Promise<string> => (await client.call('startRun', { yaml })).runId,
    pause: (runId: string) => client.call('pauseRun', { runId }),
    resume: (runId: string) => client.call('resumeRun', { runId }),
    cancel: (runId: string) => client.call('cancelRun', { runId }),
    remove: (runId: string) => client.call('deleteRun', { runId }),
    repeatTrial: (runId: string, trialId: string) => client.call('repeatTrial', { runId, trialId }),
    exportTo: (runId: string, directory: string, signal?: AbortSignal) =>
      client.call('exportRun', { runId, directory }, signal),
  }
})
