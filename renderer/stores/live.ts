import { defineStore } from 'pinia'
import { computed, markRaw, shallowRef } from 'vue'
import type { LiveBatch, RunDetail, RunEvent, RunSummary } from '#shared/contract/console-api'
import { MachineHistory } from '../charts/machine-history'
import { LiveTrial } from '../charts/live-trial'
import { useEngine } from '../engine'

function currentOf(run: RunSummary): string | null {
  return run.state.kind === 'running' || run.state.kind === 'paused' ? run.state.trialId : null
}

/** Stored requests that are loaded when a run is opened that began earlier. */
const backfill = { page: 2_000, pages: 25 } as const

const eventsKept = 500

/**
 * What the live charts draw of the run that is shown. Batches wait for the next animation frame, so that a thousand records a
 * second cost one redraw a frame; the data itself stays outside of Vue's reactivity and `tick` says that it changed.
 */
export const useLive = defineStore('live', () => {
  const { client } = useEngine()
  const runId = shallowRef<string | null>(null)
  const detail = shallowRef<RunDetail | null>(null)
  const loading = shallowRef(false)
  /** Grows with every change of `trials`. */
  const tick = shallowRef(0)
  const events = shallowRef<readonly RunEvent[]>([])
  /** Records that were too many to send here; they are stored all the same. */
  const dropped = shallowRef(0)
  const linkDelay = shallowRef<LiveBatch['linkDelay'] | null>(null)

  const trials = markRaw(new Map<string, LiveTrial>())
  const machines = markRaw(new MachineHistory())
  /** Counts the loads of a whole run: charts that hold derived data start again. */
  const generation = shallowRef(0)
  let waiting: LiveBatch[] = []
  let frame: number | null = null
  /** Batches that wait at most: a hidden window gets no frames, but still its data. */
  const waitingAtMost = 64

  function trialOf(trialId: string): LiveTrial | null {
    const known = trials.get(trialId)
    if (known) return known
    const planned = detail.value?.trials.find((trial) => trial.trialId === trialId)
    if (!planned) return null
    const { state } = planned
    const startedAt = state.kind === 'running' || state.kind === 'completed' ? state.startedAt : null
    const told = events.value.findLast((event) => event.trialId === trialId && event.name === 'trial_started')
    const trial = new LiveTrial(planned, told?.at ?? startedAt, detail.value?.lab)
    trials.set(trialId, trial)
    return trial
  }

  function flush(): void {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
    const batches = waiting
    waiting = []
    for (const batch of batches) {
      if (batch.runId !== runId.value) continue
      trialOf(batch.trialId)?.addBatch(batch)
      dropped.value += batch.dropped
    }
    tick.value++
  }

  client.on('live', (batch) => {
    linkDelay.value = batch.linkDelay
    if (batch.runId !== runId.value) return
    waiting.push(batch)
    if (loading.value) return
    if (waiting.length >= waitingAtMost) flush()
    else frame ??= requestAnimationFrame(flush)
  })
  client.on('runEvent', (event) => {
    if (event.runId !== runId.value) return
    if (event.name === 'trial_started') {
      // A repeated trial starts from nothing: what its earlier attempt drew no longer counts.
      if (trials.delete(event.trialId)) generation.value++
      machines.forget(event.trialId)
    }
    events.value = [...events.value, event].slice(-eventsKept)
    tick.value++
  })
  client.on('machinesRead', ({ runId: id, trialId, readings }) => {
    if (id !== runId.value) return
    const startedAt = trialOf(trialId)?.startedAt ?? null
    if (startedAt === null) return
    for (const { machine, at, ...load } of readings) {
      machines.add(trialId, Math.max(0, Math.floor((at - startedAt) / 1000)), { [machine]: load })
    }
    tick.value++
  })
  client.on('runChanged', (run) => {
    const shown = detail.value
    if (shown?.runId !== run.runId) return
    const moved = run.trialsDone !== shown.trialsDone || currentOf(run) !== currentOf(shown)
    detail.value = { ...shown, ...run }
    // A trial began or ended: what the summary does not tell is asked for.
    if (moved) void reload(run.runId)
  })

  async function reload(id: string): Promise<void> {
    const fresh = await client.call('run', { runId: id }).catch(() => null)
    if (fresh && runId.value === id) detail.value = fresh
  }

  /** Show this run: load what is stored of it, then follow. */
  async function show(id: string): Promise<void> {
    if (runId.value === id && detail.value !== null) return
    runId.value = id
    loading.value = true
    trials.clear()
    machines.clear()
    waiting = []
    events.value = []
    dropped.value = 0
    detail.value = null
    generation.value++
    try {
      const [run, timeline] = await Promise.all([
        client.call('run', { runId: id }),
        client.call('timeline', { runId: id }),
      ])
      if (runId.value !== id) return
      detail.value = run
      events.value = timeline.events.slice(-eventsKept)
      for (const point of timeline.points) machines.add(point.trialId, point.tS, point.machines)
      for (let page = 0; page < backfill.pages; page++) {
        const { rows } = await client.call('requests', {
          runId: id,
          trialId: null,
          offset: page * backfill.page,
          limit: backfill.page,
        })
        if (runId.value !== id) return
        for (const row of rows) trialOf(row.trialId)?.addStored(row)
        if (rows.length < backfill.page) break
      }
    } finally {
      if (runId.value === id) {
        loading.value = false
        flush()
      }
    }
  }

  const currentTrial = computed(() => {
    const id = detail.value === null ? null : currentOf(detail.value)
    return detail.value?.trials.find((trial) => trial.trialId === id) ?? null
  })

  return {
    runId,
    detail,
    loading,
    tick,
    generation,
    trials,
    machines,
    events,
    dropped,
    linkDelay,
    currentTrial,
    show,
  }
})
