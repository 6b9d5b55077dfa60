import { describe, expect, it } from 'vitest'
import type { RunTrial } from '#shared/contract/console-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { comparisonAxis, comparisonCsv, comparisonOf, comparisonSvg } from './comparison'

function trial(id: string, ttft: number | null, parameters: Partial<ParameterValues> = {}): RunTrial {
  return {
    trialId: id,
    repeat: 1,
    seed: 1,
    factors: {},
    parameters: { ...defaultParameters, ...parameters },
    attempt: 1,
    state: { kind: 'completed', startedAt: 0, durationS: 10 },
    summary: { requests: 50, ttft_ms_p50: ttft },
  }
}

const trials = [
  trial('a', 100),
  trial('b', 110),
  trial('c', 120),
  trial('off', 600, { cache: 'off' }),
  trial('virtual', 90, { link_delay: 'virtual' }),
]

describe('comparison of series', () => {
  const spec = comparisonOf(trials, 'ttft_ms_p50')

  it('has the mean and the confidence interval over the repeats', () => {
    const rotation = spec.rows.find((row) => row.style.label === 'rotation, 9 servers')!
    expect(rotation.mean).toBe(110)
    // t(0.95, 2) = 4.3027, s = 10, n = 3
    expect(rotation.halfWidth).toBeCloseTo((4.302653 * 10) / Math.sqrt(3), 4)
    expect(rotation.samples).toBe(150)
  })

  it('says nothing about the spread of a single trial', () => {
    expect(spec.rows.find((row) => row.style.label === 'cache off')!.halfWidth).toBeNull()
  })

  it('keeps virtual trials in a row of their own', () => {
    expect(spec.rows.map((row) => row.style.virtual)).toEqual([false, false, true])
  })

  it('has no row for what was not measured, and counts no unfinished trial', () => {
    const failed: RunTrial = {
      ...trial('x', 5, { strategy: 'hop' }),
      state: { kind: 'failed', error: { code: 'trial_failed', message: '', hint: '', details: {} } },
    }
    const cut = (['cancelled', 'interrupted', 'waiting'] as const).map((kind): RunTrial => ({
      ...trial(kind, 5, { strategy: 'hop' }),
      state: { kind },
    }))
    expect(comparisonOf([trial('n', null), failed, ...cut], 'ttft_ms_p50').rows).toEqual([])
  })

  it('starts its axis at 0, or at the values when asked', () => {
    expect(comparisonAxis(spec, false)[0]).toBe(0)
    expect(comparisonAxis(spec, true)[0]).toBeGreaterThan(0)
    expect(comparisonAxis(comparisonOf(trials, 'block_hit_rate'), false)).toEqual([0, 1])
  })

  it('exports rows and a picture with finite coordinates', () => {
    const [rotation] = spec.rows.filter((row) => row.halfWidth !== null)
    expect(comparisonCsv(spec).split('\r\n')).toEqual([
      'series,delay,trials,requests,"TTFT, p50 (ms), mean",ci95_half_width',
      'cache off,measured,1,50,600,',
      `"rotation, 9 servers",measured,3,150,110,${rotation!.halfWidth}`,
      '"rotation, 9 servers · virtual",virtual,1,50,90,',
      '',
    ])
    expect(comparisonSvg(spec)).not.toMatch(/NaN|Infinity/)
    expect(comparisonSvg({ ...spec, rows: [] })).not.toMatch(/NaN|Infinity/)
  })

  it('draws whiskers as wide as the interval: 110 ± 24.84 on an axis of 620 px to 600', () => {
    expect(comparisonSvg(spec)).toMatch(/M318\.0 [\d.]+H369\.3M/)
  })

  it('draws shares as per cent', () => {
    const some = { ...trial('some', 1), summary: { requests: 50, block_hit_rate: 0.4 } }
    const svg = comparisonSvg(comparisonOf([some], 'block_hit_rate'))
    expect(svg).toContain('font-weight="600" text-anchor="end">40<')
    // The bar begins at 230 and ends where the tick of 40 % stands.
    expect(svg).toMatch(/<line x1="478\.0"[^>]*>\n<text x="478"[^>]*>40</)
    expect(svg).toContain('<rect x="230" y="64" width="248.0"')
  })
})
