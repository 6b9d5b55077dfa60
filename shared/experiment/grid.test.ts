import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plannedTrial } from '../contract/console-api'
import { countTrials, planTrials, repeatSeed } from './grid'
import { seriesOf } from './meaning'
import { defaultParameters, parameterValues } from './parameters'
import { checkRelations } from './relations'
import type { Experiment } from './schema'

const base: Experiment = {
  name: 'A',
  description: '',
  seed: 7,
  repeats: 1,
  lab: 'local',
  parameters: {},
  factors: {},
}
const plan = (change: Partial<Experiment>) => planTrials({ ...base, ...change })

describe('planTrials', () => {
  test('no factors: one trial a repeat', () => {
    expect(plan({ repeats: 2 }).map(({ trialId, repeat, factors }) => [trialId, repeat, factors])).toEqual([
      ['t001', 1, {}],
      ['t002', 2, {}],
    ])
  })

  test('the product of the factors, the first varying slowest, the whole grid once for each repeat', () => {
    const trials = plan({ repeats: 2, factors: { strategy: ['hop', 'rotation'], servers: [25, 9] } })
    expect(
      trials.map(
        ({ trialId, repeat, factors }) => `${trialId} ${repeat} ${Object.values(factors).join(' ')}`,
      ),
    ).toEqual([
      't001 1 hop 25',
      't002 1 hop 9',
      't003 1 rotation 25',
      't004 1 rotation 9',
      't005 2 hop 25',
      't006 2 hop 9',
      't007 2 rotation 25',
      't008 2 rotation 9',
    ])
  })

  test('fixed values and defaults fill every trial', () => {
    const [trial] = plan({ parameters: { sessions: 5 }, factors: { servers: [25] } })
    expect(trial?.parameters).toEqual({ ...defaultParameters, sessions: 5, servers: 25 })
  })

  test('without a cache, what has no meaning collapses to one baseline', () => {
    const trials = plan({
      factors: {
        cache: ['off', 'skymemory'],
        strategy: ['rotation', 'hop', 'hop_rotation'],
        servers: [9, 25],
      },
    })
    expect(trials).toHaveLength(7)
    expect(trials[0]?.factors).toEqual({ cache: 'off' })
    expect(
      trials.slice(1).every(({ factors }) => factors['cache'] === 'skymemory' && 'servers' in factors),
    ).toBe(true)
  })

  test('a baseline holds the first value of each factor without meaning, so that it fits the same lab', () => {
    const [baseline] = plan({ factors: { cache: ['off', 'skymemory'], planes: [7, 9], servers: [25, 9] } })
    expect(baseline?.parameters).toMatchObject({ cache: 'off', planes: 7, servers: 25 })
  })

  test('a baseline for each combination of what keeps its meaning', () => {
    const trials = plan({ factors: { servers: [9, 25], turns: [1, 2], cache: ['skymemory', 'off'] } })
    const baselines = trials.filter(({ factors }) => factors['cache'] === 'off')
    expect(baselines.map(({ factors }) => factors)).toEqual([
      { turns: 1, cache: 'off' },
      { turns: 2, cache: 'off' },
    ])
    expect(trials).toHaveLength(6)
  })

  test('a cache that is off for good leaves no grid of strategies, however large', () => {
    const many = Array.from({ length: 300 }, (_, i) => i + 1)
    const experiment = {
      ...base,
      parameters: { cache: 'off' as const },
      factors: { servers: many, chunk_bytes: many, turns: [1, 2] },
    }
    expect(countTrials(experiment)).toBe(2)
    expect(planTrials(experiment).map(({ factors }) => factors)).toEqual([{ turns: 1 }, { turns: 2 }])
  })

  test('all cells of a repeat share its seed; repeats differ', () => {
    const trials = plan({ repeats: 3, factors: { servers: [9, 25] } })
    const seeds = trials.map(({ seed }) => seed)
    expect(seeds[0]).toBe(7)
    expect(seeds[0]).toBe(seeds[1])
    expect(new Set(seeds).size).toBe(3)
  })

  test('ids sort as they count, also in the thousands', () => {
    const ids = plan({ repeats: 1000, factors: { turns: [1, 2] } }).map(({ trialId }) => trialId)
    expect(ids[0]).toBe('t0001')
    expect(ids).toEqual(ids.toSorted())
    expect(new Set(ids).size).toBe(2000)
  })

  test('the count is the number of trials, which are all as the contract says', () => {
    const factors = fc.record(
      {
        cache: fc.subarray(['off', 'skymemory'] as const, { minLength: 1 }),
        strategy: fc.subarray(['rotation', 'hop', 'hop_rotation'] as const, { minLength: 1 }),
        servers: fc.uniqueArray(fc.integer({ min: 1, max: 95 }), { minLength: 1, maxLength: 4 }),
        turns: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(factors, fc.integer({ min: 1, max: 3 }), (some, repeats) => {
        const experiment = { ...base, repeats, factors: some as Experiment['factors'] }
        const trials = planTrials(experiment)
        expect(trials).toHaveLength(countTrials(experiment))
        for (const trial of trials) {
          expect(plannedTrial.safeParse(trial).success).toBe(true)
          expect(trial.parameters).toMatchObject(trial.factors)
        }
        expect(new Set(trials.map(({ repeat, factors: cell }) => JSON.stringify([repeat, cell]))).size).toBe(
          trials.length,
        )
      }),
    )
  })
})

test('seeds of repeats are distinct unsigned 32-bit numbers', () => {
  const seeds = Array.from({ length: 1000 }, (_, i) => repeatSeed(0xffffffff, i + 1))
  expect(new Set(seeds).size).toBe(1000)
  expect(seeds.every((seed) => seed >>> 0 === seed)).toBe(true)
})

test('series', () => {
  expect(seriesOf({ ...defaultParameters, cache: 'off' })).toBe('cache off')
  expect(seriesOf(defaultParameters)).toBe('rotation, 9 servers')
})

test('the defaults are valid and agree with each other', () => {
  expect(parameterValues.safeParse(defaultParameters).success).toBe(true)
  expect(checkRelations(defaultParameters)).toEqual([])
  expect(checkRelations({ ...defaultParameters, servers: 96 })).toMatchObject([{ path: ['servers'] }])
  expect(checkRelations({ ...defaultParameters, servers: 96, cache: 'off' })).toEqual([])
})
