import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { constellationPresets, type ConstellationPresetName } from '#shared/constellation/presets'
import { planTrials } from '#shared/experiment/grid'
import type { ParameterName } from '#shared/experiment/parameters'
import { parseExperiment } from '#shared/experiment/parse'
import { demoPresetId, presets, presetById } from '#shared/experiment/presets'
import { useEngine } from '../engine'
import { draftOf, withSetting, type Setting } from '../experiment/draft'
import { useRuns } from './runs'

const fixed = (value: string | number): Setting => ({ kind: 'fixed', value })
const unset: Setting = { kind: 'default' }

/** What a preset of a constellation decides: a torus that turns by the clock, or orbits that turn by themselves. */
const constellationParameters = [
  'orbits',
  'slots',
  'planes',
  'altitude_m',
  'inclination_deg',
  'walker_pattern',
  'phasing',
  'tle_file',
  'centre_slot',
  'centre_plane',
  'los_slots',
  'los_planes',
  'rotation_period_s',
  'rotation_requests',
] as const satisfies readonly ParameterName[]

/** The experiment that is to be simulated. Its YAML text is the only state, as on the page Experiments. */
export const useSystem = defineStore('system', () => {
  const { client } = useEngine()
  const runs = useRuns()
  const yaml = ref(presetById(demoPresetId)?.yaml ?? presets[0]!.yaml)
  const starting = ref(false)
  const error = shallowRef<ErrorBody | null>(null)
  /** The run that was started here last. */
  const runId = ref<string | null>(null)

  const draft = computed(() => draftOf(yaml.value))
  const parsed = computed(() => parseExperiment(yaml.value, 'simulated'))
  const trials = computed(() => (parsed.value.ok ? planTrials(parsed.value.experiment) : []))
  const problems = computed(() => (parsed.value.ok ? [] : parsed.value.problems))
  const run = computed(() => (runId.value === null ? null : (runs.byId.get(runId.value) ?? null)))

  function set(name: ParameterName, setting: Setting): void {
    yaml.value = withSetting(yaml.value, name, setting)
  }

  /** Give the experiment a constellation; what the preset does not say is at its default. */
  function useConstellation(name: ConstellationPresetName): void {
    const options: Readonly<Record<string, string | number | undefined>> = constellationPresets[name].options
    for (const parameter of constellationParameters) {
      const value = options[parameter]
      set(parameter, value === undefined ? unset : fixed(value))
    }
  }

  /** Take the requests from a trace, in blocks of its own length; null = the experiment's own conversations. */
  async function useTrace(path: string | null): Promise<void> {
    error.value = null
    if (path === null) {
      set('trace', unset)
      set('block_tokens', unset)
      return
    }
    try {
      const { blockTokens } = await client.call('inspectTrace', { path })
      set('trace', fixed(path))
      set('block_tokens', fixed(blockTokens))
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  async function start(): Promise<void> {
    if (!parsed.value.ok) return
    starting.value = true
    error.value = null
    try {
      const answer = await client.call('startRun', { yaml: yaml.value, lab: 'simulated' })
      runId.value = answer.runId
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      starting.value = false
    }
  }

  return { yaml, draft, trials, problems, starting, error, run, set, useConstellation, useTrace, start }
})
