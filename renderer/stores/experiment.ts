import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ExperimentCheck, Preset } from '#shared/contract/console-api'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../engine'
import { draftOf, emptyExperiment } from '../experiment/draft'

const draftKey = 'skymemory.experiment'
/** Long enough that a check does not run for every key, short enough to feel immediate. */
const checkDelayMs = 250

/** The experiment that is being written. Its YAML text is the only state; the form is a view of it. */
export const useExperiment = defineStore('experiment', () => {
  const { client } = useEngine()
  const yaml = ref(globalThis.localStorage?.getItem(draftKey) ?? '')
  const check = shallowRef<ExperimentCheck | null>(null)
  const checking = ref(false)
  /** Why the check itself could not be made. */
  const error = shallowRef<ErrorBody | null>(null)
  const presets = shallowRef<readonly Preset[]>([])
  const draft = computed(() => draftOf(yaml.value))

  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function checkNow(): Promise<void> {
    clearTimeout(timer)
    const question = ++asked
    try {
      const answer = await client.call('checkExperiment', { yaml: yaml.value })
      if (question !== asked) return
      check.value = answer
      error.value = null
    } catch (thrown) {
      if (question === asked) error.value = toErrorBody(thrown)
    } finally {
      if (question === asked) checking.value = false
    }
  }

  watch(yaml, (text) => {
    globalThis.localStorage?.setItem(draftKey, text)
    checking.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void checkNow(), checkDelayMs)
  })

  /** Load the presets; begin with the first one where nothing was written before. */
  async function open(): Promise<void> {
    presets.value = await client.call('presets', {})
    if (yaml.value === '') yaml.value = presets.value[0]?.yaml ?? emptyExperiment
    await checkNow()
  }

  return { yaml, check, checking, error, presets, draft, open, checkNow }
})
