import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { TraceInspection } from '#shared/contract/simulation-api'
import { constellationPresets, type ConstellationPresetName } from '#shared/constellation/presets'
import { planTrials } from '#shared/experiment/grid'
import type { ParameterName } from '#shared/experiment/parameters'
import { parseExperiment } from '#shared/experiment/parse'
import { demoPresetId, presets, presetById } from '#shared/experiment/presets'
import { useEngine } from '../engine'
import { draftOf, effectiveValue, withSetting, type Setting } from '../experiment/draft'
import {
  declaredIn,
  declaredParameters,
  declaredProblems,
  declaredSettings,
  firstDeclared,
  type Declared,
} from '../simulation/declared-draft'
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
  'node_spread_deg',
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

  /** What the file of the experiment's trace is, once it was looked at; null without one. */
  const trace = shallowRef<TraceInspection | null>(null)
  const tracePath = computed(() => {
    const path = draft.value ? String(effectiveValue('trace', draft.value.settings.trace)) : 'none'
    return path === 'none' ? null : path
  })
  /** What the trace needs declared and is not, or wrong. */
  const undeclared = computed(() =>
    draft.value && trace.value
      ? declaredProblems(draft.value, trace.value, problems.value)
      : (new Map() as ReturnType<typeof declaredProblems>),
  )

  // A text that is opened names its trace too.
  watch(tracePath, async (path) => {
    if (trace.value?.path === path) return
    trace.value = null
    if (path === null) return
    // Whether a file can be read is told when it is simulated: the path may still be typed.
    const found = await client.call('inspectTrace', { path }).catch(() => null)
    if (tracePath.value === path) trace.value = found
  })

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
      trace.value = null
      for (const name of ['trace', 'block_tokens', ...declaredParameters] as const) set(name, unset)
      return
    }
    try {
      const found = await client.call('inspectTrace', { path })
      trace.value = found
      set('trace', fixed(path))
      set('block_tokens', fixed(found.blockTokens))
      set('trace_prefix_model', found.knowsPrefixes ? unset : fixed(firstDeclared.prefixModel))
      set('trace_arrival_rate', found.knowsArrivals ? unset : fixed(Number(firstDeclared.arrivalRate)))
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  /** What the trace does not say itself. */
  function declare(changed: Partial<Declared>): void {
    if (!draft.value) return
    const settings = declaredSettings(declaredIn(draft.value), changed)
    for (const name of declaredParameters) {
      const setting = settings[name]
      if (setting) set(name, setting)
    }
  }

  async function start(): Promise<void> {
    if (!parsed.value.ok || undeclared.value.size > 0) return
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

  return {
    yaml,
    draft,
    trials,
    problems,
    trace,
    undeclared,
    starting,
    error,
    run,
    set,
    useConstellation,
    useTrace,
    declare,
    start,
  }
})
