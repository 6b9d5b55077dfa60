import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parameterNames, parameters, type ParameterName } from '#shared/experiment/parameters'
import { parseExperiment } from '#shared/experiment/parse'
import { presets } from '#shared/experiment/presets'
import type { ParameterValue } from '#shared/experiment/schema'
import { draftOf, emptyExperiment, parseValues, withHead, withSetting, type Setting } from './draft'

function valueOf(name: ParameterName): fc.Arbitrary<ParameterValue> {
  const parameter = parameters[name]
  switch (parameter.kind) {
    case 'enum':
      return fc.constantFrom(...parameter.values)
    case 'integer':
      return fc.integer({ min: parameter.min, max: Math.min(parameter.max, 1e9) })
    case 'number':
      return fc
        .double({ min: parameter.min, max: parameter.max, noNaN: true })
        .map((value) => (value === 0 ? 0 : value))
    case 'text':
      return fc.constantFrom('sotu', '/data/my texts', "C:\\texts: old, 'new'", '# not a comment', 'yes')
  }
}

const edit = fc.constantFrom(...parameterNames).chain((name) =>
  fc
    .oneof<fc.Arbitrary<Setting>[]>(
      fc.constant({ kind: 'default' }),
      valueOf(name).map((value) => ({ kind: 'fixed', value })),
      fc
        .uniqueArray(valueOf(name), { minLength: 1, maxLength: 4 })
        .map((values) => ({ kind: 'factor', values })),
    )
    .map((setting) => ({ name, setting })),
)

describe('form and YAML', () => {
  it.each(presets)('the form shows the preset $name', ({ yaml }) => {
    const parsed = parseExperiment(yaml)
    expect(parsed.ok).toBe(true)
    if (!parsed.ok) return
    const draft = draftOf(yaml)!
    expect(draft).toMatchObject({
      name: parsed.experiment.name,
      seed: parsed.experiment.seed,
      repeats: parsed.experiment.repeats,
    })
    for (const name of parameterNames) {
      const factor = parsed.experiment.factors[name]
      const fixed = parsed.experiment.parameters[name]
      const expected: Setting = factor
        ? { kind: 'factor', values: factor }
        : fixed !== undefined
          ? { kind: 'fixed', value: fixed }
          : { kind: 'default' }
      expect(draft.settings[name], name).toEqual(expected)
    }
  })

  it('what the form writes, the form reads, after any edits', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(emptyExperiment, ...presets.map(({ yaml }) => yaml)),
        fc.array(edit),
        (start, edits) => {
          const expected = { ...draftOf(start)!.settings }
          let text = start
          for (const { name, setting } of edits) {
            text = withSetting(text, name, setting)
            expected[name] = setting
          }
          expect(draftOf(text)!.settings).toEqual(expected)
        },
      ),
    )
  })

  it('what the form writes is what the experiment parser reads', () => {
    let text = withSetting(emptyExperiment, 'servers', { kind: 'factor', values: [9, 25] })
    text = withSetting(text, 'chunk_bytes', { kind: 'fixed', value: 6144 })
    text = withHead(text, 'name', 'Chunks: small')
    const parsed = parseExperiment(text)
    expect(parsed).toMatchObject({
      ok: true,
      experiment: { name: 'Chunks: small', parameters: { chunk_bytes: 6144 }, factors: { servers: [9, 25] } },
    })
  })

  it('keeps comments and everything that it does not change', () => {
    const text = presets[0]!.yaml
    const edited = withSetting(text, 'chunk_bytes', { kind: 'fixed', value: 6144 })
    const comments = text.match(/#.*$/gm)!
    for (const comment of comments) expect(edited).toContain(comment)
    const back = withSetting(edited, 'chunk_bytes', { kind: 'default' })
    expect(draftOf(back)).toEqual(draftOf(text))
  })

  it('moves a parameter between the sections, never into both', () => {
    const varied = withSetting('name: x\nparameters:\n  servers: 9\n', 'servers', {
      kind: 'factor',
      values: [9, 25],
    })
    expect(varied).toBe('name: x\nparameters: {}\nfactors:\n  servers: [9, 25]\n')
    expect(withSetting(varied, 'servers', { kind: 'fixed', value: 25 })).toBe(
      'name: x\nparameters:\n  servers: 25\nfactors: {}\n',
    )
  })

  it('has no form for text that is not YAML, and does not touch it', () => {
    const broken = 'name: [x\nseed: 1\n'
    expect(draftOf(broken)).toBeNull()
    expect(withSetting(broken, 'servers', { kind: 'fixed', value: 9 })).toBe(broken)
    expect(withHead(broken, 'seed', 5)).toBe(broken)
  })

  it('shows a form of an empty text', () => {
    expect(draftOf('')!.settings.servers).toEqual({ kind: 'default' })
    expect(withHead('', 'name', 'New')).toBe('name: New\n')
  })
})

describe('typed values', () => {
  it('are numbers where numbers are meant', () => {
    expect(parseValues('servers', ' 9, 25 ,')).toEqual([9, 25])
    expect(parseValues('chunk_bytes', '12_288')).toEqual([12_288])
    expect(parseValues('prefill_quadratic_s', '1e-8')).toEqual([1e-8])
  })

  it('stay text where they are none, so that the check can name them', () => {
    expect(parseValues('servers', 'many')).toEqual(['many'])
    expect(parseValues('documents', '7')).toEqual(['7'])
  })
})
