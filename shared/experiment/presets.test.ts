import { describe, expect, test } from 'vitest'
import { preset as presetShape } from '../contract/console-api'
import { planTrials } from './grid'
import { parseExperiment } from './parse'
import { demoPresetId, presetById, presets } from './presets'

describe('presets', () => {
  test.each(presets)('$id can be run', (preset) => {
    const parsed = parseExperiment(preset.yaml)
    if (!parsed.ok) expect.fail(JSON.stringify(parsed.problems, null, 2))
    expect(parsed.experiment.name).toBe(preset.name)
    expect(parsed.experiment.description.length).toBeGreaterThan(40)
    expect(planTrials(parsed.experiment).length).toBeGreaterThan(1)
    expect(presetShape.safeParse(preset).success).toBe(true)
  })

  test('have ids of their own', () => {
    expect(new Set(presets.map(({ id }) => id)).size).toBe(presets.length)
    expect(presetById('nothing')).toBeNull()
  })

  test('the paper’s testbed compares a real model with and without the cache, at both KV types', () => {
    const parsed = parseExperiment(presetById('paper-testbed')?.yaml ?? '')
    if (!parsed.ok) expect.fail('it does not parse')
    const trials = planTrials(parsed.experiment)
    // Two baselines, and two KV types with three strategies each, five times.
    expect(trials).toHaveLength(5 * (2 + 6))
    for (const { parameters } of trials) {
      expect(parameters).toMatchObject({ engine: 'llama', slots: 19, planes: 5, link_delay: 'real' })
      expect(parameters.document_tokens + 100 + parameters.output_tokens).toBeLessThan(
        parameters.context_tokens,
      )
    }
  })

  test('the demo is one baseline and six cells with a cache, in real time', () => {
    const parsed = parseExperiment(presetById(demoPresetId)?.yaml ?? '')
    if (!parsed.ok) expect.fail('the demo does not parse')
    const trials = planTrials(parsed.experiment)
    expect(trials.map(({ factors }) => Object.values(factors).join(' '))).toEqual([
      'off',
      'skymemory rotation 9',
      'skymemory rotation 25',
      'skymemory hop 9',
      'skymemory hop 25',
      'skymemory hop_rotation 9',
      'skymemory hop_rotation 25',
    ])
    for (const { parameters } of trials) {
      expect(parameters).toMatchObject({ link_delay: 'real', los_slots: 3, los_planes: 3 })
      expect(parameters.rotation_period_s).toBeGreaterThan(0)
    }
  })
})
