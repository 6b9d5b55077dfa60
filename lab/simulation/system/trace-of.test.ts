import { describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { defaultParameters } from '#shared/experiment/parameters'
import { declaredOptions, inWordsOfFile, traceOf } from './trace-of'

describe('the trace of an experiment', () => {
  it('is none unless one is named', async () => {
    expect(await traceOf(defaultParameters)).toBeNull()
    await expect(traceOf({ ...defaultParameters, trace: '/nowhere/a.jsonl' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('is read with what is declared, and with nothing else', () => {
    expect(declaredOptions(defaultParameters)).toEqual({})
    expect(declaredOptions({})).toEqual({})
    expect(declaredOptions({ trace_prefix_model: 'shared:512', trace_arrival_rate: 2 })).toEqual({
      prefixModel: { kind: 'shared', tokens: 512 },
      arrivals: { perSecond: 2, seed: 1, turnGapS: 30 },
    })
    expect(() => declaredOptions({ trace_prefix_model: 'shared' })).toThrow(/"shared" is no prefix model/)
  })

  it('has errors whose hints name parameters', () => {
    const worded = inWordsOfFile(
      new SkyError('invalid_trace', 'bad', 'Leave --prefix-model out.', { line: 3 }),
    )
    expect(worded).toMatchObject({
      hint: 'Leave trace_prefix_model out.',
      message: 'bad',
      details: { line: 3 },
    })
    expect(inWordsOfFile(new SkyError('invalid_trace', 'bad', 'Try --sort-by-time.')).hint).toBe(
      'Try --sort-by-time. (an option of skymemory simulate trace)',
    )
  })
})
