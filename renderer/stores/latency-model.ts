import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { z } from 'zod'
import type { Strategy } from '#shared/placement/placement'
import { checkDraft } from '../simulation/latency-check'
import {
  draftFields,
  firstDraft,
  latencyPresets,
  ownPreset,
  type DraftField,
  type LatencyDraft,
} from '../simulation/latency-draft'
import { figureSteps, stepCount, type LatencyFigures } from '../simulation/latency-figures'
import { inSlices } from '../simulation/time-slices'
import { variedParameters, type VariedParameter } from '#shared/simulation/sweep/vary'

const draftKey = 'skymemory.latency-model'

const texts = <K extends string>(names: readonly K[]): z.ZodType<Record<K, string>> =>
  z.object(Object.fromEntries(names.map((name) => [name, z.string().max(200)]))) as never

const storedDraft = z.intersection(
  z.object({ preset: z.string(), geometry: z.enum(['paper', 'default']), along: texts(variedParameters) }),
  texts(draftFields),
)

function load(): LatencyDraft {
  try {
    const stored = storedDraft.safeParse(JSON.parse(globalThis.localStorage?.getItem(draftKey) ?? 'null'))
    if (stored.success) return stored.data
  } catch {
    // A draft that cannot be read is the paper's.
  }
  return firstDraft
}

/**
 * The latency model as the form asks for it. Figures are computed in this window, at once on every change; what takes long
 * goes on in slices, and ends when the form changes again.
 */
export const useLatencyModel = defineStore('latency-model', () => {
  const draft = shallowRef(load())
  const check = computed(() => checkDraft(draft.value))
  /** Triggers with every slice: its content grows in place. */
  const figures = shallowRef<LatencyFigures | null>(null)
  /** Share of the points that are computed; 1 = all. */
  const progress = ref(0)
  const strategy = ref<Strategy>('rotation')

  let running = new AbortController()

  function compute(): void {
    running.abort()
    const base = check.value.checked
    // The last figures stay, marked as old, until the form is right again.
    if (base === null) return
    running = new AbortController()
    const { signal } = running
    const total = stepCount(base)
    void inSlices(
      figureSteps(base),
      (grown, taken) => {
        if (signal.aborted) return
        figures.value = { ...grown }
        progress.value = taken / total
      },
      signal,
    )
  }
  watch(check, compute, { immediate: true, flush: 'sync' })
  watch(draft, (now) => globalThis.localStorage?.setItem(draftKey, JSON.stringify(now)))

  function usePreset(id: string): void {
    const preset = latencyPresets.find((one) => one.id === id)
    if (preset) draft.value = preset.draft
  }

  function set(field: DraftField | 'geometry', text: string): void {
    draft.value = { ...draft.value, preset: ownPreset, [field]: text }
  }

  function setAlong(parameter: VariedParameter, text: string): void {
    draft.value = { ...draft.value, preset: ownPreset, along: { ...draft.value.along, [parameter]: text } }
  }

  /** True while the figures belong to an earlier state of the form. */
  const stale = computed(() => check.value.checked === null)

  return { draft, check, figures, progress, strategy, stale, usePreset, set, setAlong }
})
