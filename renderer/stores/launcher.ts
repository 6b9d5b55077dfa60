import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { parseExperiment } from '#shared/experiment/parse'
import { demoPresetId } from '#shared/experiment/presets'
import { useEngine } from '../engine'
import { localLab, useLab } from './lab'
import { useRuns } from './runs'

export type LaunchStep =
  { kind: 'idle' } | { kind: 'checking' } | { kind: 'starting-lab' } | { kind: 'starting-run' }

/** Where the experiment says that it is to run. */
function labOf(yaml: string): string | null {
  const parsed = parseExperiment(yaml)
  return parsed.ok ? parsed.experiment.lab : null
}

/** Starts experiments: checks them, starts the lab that they need, then the run. */
export const useLauncher = defineStore('launcher', () => {
  const { client } = useEngine()
  const lab = useLab()
  const runs = useRuns()
  const step = shallowRef<LaunchStep>({ kind: 'idle' })
  const error = shallowRef<ErrorBody | null>(null)

  /** @returns the new run's id, or null when it did not start; `error` says why */
  async function launch(yaml: string): Promise<string | null> {
    error.value = null
    try {
      step.value = { kind: 'checking' }
      const check = await client.call('checkExperiment', { yaml })
      if (!check.ok) {
        const first = check.problems[0]
        throw new SkyError(
          'invalid_experiment',
          first ? `${first.line === null ? '' : `Line ${first.line}: `}${first.message}` : 'It has problems.',
          'Correct it on the Experiments page.',
        )
      }
      const needed = check.trials[0]?.parameters
      const name = labOf(yaml) ?? localLab
      if (needed && name !== 'simulated' && lab.running?.name !== name) {
        step.value = { kind: 'starting-lab' }
        if (!(await lab.start(needed.slots, needed.planes, name))) {
          error.value = lab.error
          return null
        }
      }
      step.value = { kind: 'starting-run' }
      return await runs.start(yaml)
    } catch (thrown) {
      error.value = toErrorBody(thrown)
      return null
    } finally {
      step.value = { kind: 'idle' }
    }
  }

  async function launchDemo(): Promise<string | null> {
    error.value = null
    try {
      const presets = await client.call('presets', {})
      const demo = presets.find((preset) => preset.id === demoPresetId)
      if (!demo) throw new SkyError('not_found', 'The lab engine has no demo experiment.')
      return await launch(demo.yaml)
    } catch (thrown) {
      error.value = toErrorBody(thrown)
      return null
    }
  }

  return { step, error, launch, launchDemo }
})
