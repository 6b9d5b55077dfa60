import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatExperiment } from './format'
import { parameters, type ParameterName } from './parameters'
import { parseExperiment } from './parse'
import type { Experiment } from './schema'

describe('formatExperiment', () => {
  const valueOf = (name: ParameterName) => {
    const parameter = parameters[name]
    switch (parameter.kind) {
      case 'enum':
        return fc.constantFrom<string | number>(...parameter.values)
      case 'text':
        return fc.string({ minLength: 1 })
      case 'integer':
        return fc.integer({ min: parameter.min, max: parameter.max })
      case 'number':
        return fc.double({ min: parameter.min, max: parameter.max, noNaN: true }).map((value) => value + 0)
    }
  }
  // Parameters that no relation ties to others.
  const free: ParameterName[] = [
    'cache',
    'strategy',
    'eviction',
    'altitude_m',
    'turns',
    'documents',
    'zipf_exponent',
  ]
  const fixed = fc
    .subarray(free)
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, valueOf(name)]))))
  const anyExperiment = fc.record({
    name: fc.string({ minLength: 1, maxLength: 100 }).filter((name) => name.trim() === name && name !== ''),
    description: fc.string(),
    seed: fc.nat(0xffffffff),
    repeats: fc.integer({ min: 1, max: 1000 }),
    lab: fc.constant('local' as const),
    parameters: fixed,
    factors: fc.constantFrom({}, { servers: [25, 9] }, { link_delay: ['off', 'real'], sessions: [1] }),
  })

  test('what is written is read back', () => {
    fc.assert(
      fc.property(anyExperiment, (experiment) => {
        expect(parseExperiment(formatExperiment(experiment as Experiment))).toEqual({ ok: true, experiment })
      }),
      { numRuns: 300 },
    )
  })
})
