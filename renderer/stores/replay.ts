import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { z } from 'zod'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { ReplayJob, TraceInspection } from '#shared/contract/simulation-api'
import { useEngine } from '../engine'
import { checkReplay, firstReplayDraft, type ReplayDraft } from '../simulation/replay-draft'

const recentKey = 'skymemory.recent-traces'
/** Traces that are offered again. */
const recentKept = 6

function loadRecent(): string[] {
  try {
    const stored = z
      .array(z.string())
      .safeParse(JSON.parse(globalThis.localStorage?.getItem(recentKey) ?? '[]'))
    return stored.success ? stored.data.slice(0, recentKept) : []
  } catch {
    return []
  }
}

/** The replay that is set up, and the one that runs or was run last. */
export const useReplay = defineStore('replay', () => {
  const { client } = useEngine()
  const trace = shallowRef<TraceInspection | null>(null)
  const draft = shallowRef<ReplayDraft>(firstReplayDraft)
  const recent = ref(loadRecent())
  const job = shallowRef<ReplayJob | null>(null)
  const opening = ref(false)
  const starting = ref(false)
  /** Why the file could not be opened, or the replay not be started. */
  const error = shallowRef<ErrorBody | null>(null)

  client.on('replayChanged', (changed) => (job.value = changed))

  const check = computed(() => (trace.value ? checkReplay(draft.value, trace.value) : null))
  const running = computed(() => job.value?.state.kind === 'reading' || job.value?.state.kind === 'replaying')

  watch(recent, (paths) => globalThis.localStorage?.setItem(recentKey, JSON.stringify(paths)))

  let asked = 0
  async function open(path: string): Promise<void> {
    const question = ++asked
    opening.value = true
    error.value = null
    try {
      const found = await client.call('inspectTrace', { path })
      if (question !== asked) return
      trace.value = found
      recent.value = [path, ...recent.value.filter((each) => each !== path)].slice(0, recentKept)
    } catch (thrown) {
      if (question !== asked) return
      error.value = toErrorBody(thrown)
      if (error.value.code === 'not_found') recent.value = recent.value.filter((each) => each !== path)
    } finally {
      if (question === asked) opening.value = false
    }
  }

  async function start(): Promise<void> {
    const question = check.value?.question
    if (!question || running.value) return
    starting.value = true
    error.value = null
    try {
      await client.call('startReplay', question)
      job.value = (await client.call('replay', {})) ?? job.value
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      starting.value = false
    }
  }

  async function cancel(): Promise<void> {
    if (job.value && running.value) await client.call('cancelReplay', { replayId: job.value.replayId })
  }

  /** What the engine has: a window that was loaded anew goes on where it was. */
  async function refresh(): Promise<void> {
    const newest = await client.call('replay', {})
    job.value = newest
    if (newest && !trace.value) await open(newest.question.trace.path)
  }

  function set(changed: Partial<ReplayDraft>): void {
    draft.value = { ...draft.value, ...changed }
  }

  return {
    trace,
    draft,
    recent,
    job,
    opening,
    starting,
    error,
    check,
    running,
    open,
    start,
    cancel,
    refresh,
    set,
  }
})
