import { describe, expect, it } from 'vitest'
import type { RunDetail, RunTrial } from '#shared/contract/console-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { comparisonSvg } from '../charts/comparison'
import {
  comparedBars,
  comparedCsv,
  comparedLines,
  differencesOf,
  differenceText,
  sideNames,
  type Side,
} from './compare-runs'

function trial(trialId: string, ttft: number, parameters: Partial<ParameterValues> = {}): RunTrial {
  return {
    trialId,
    repeat: 1,
    seed: 1,
    factors: {},
    parameters: { ...defaultParameters, ...parameters },
    state: { kind: 'completed', startedAt: 0, durationS: 1 },
    attempt: 1,
    summary: { ttft_ms_p50: ttft, requests: 50 },
  }
}

function side(runId: string, lab: string, trials: RunTrial[]): Side {
  const run: RunDetail = {
    runId,
    name: runId,
    lab,
    createdAt: 0,
    state: { kind: 'finished', at: 1, failedTrials: 0 },
    trialsTotal: trials.length,
    trialsDone: trials.length,
    requestsDone: 1,
    progress: 1,
    remainingS: null,
    yaml: '',
    trials,
  }
  return { run, points: [], events: [] }
}

const measured = side('m', 'local', [trial('1', 100), trial('2', 300, { strategy: 'hop' })])
const simulated = side('s', 'simulated', [trial('1', 110), trial('2', 290, { strategy: 'hop_rotation' })])
const sides = [measured, simulated] as const
const names = sideNames(measured.run, simulated.run)

describe('two runs in the same chart', () => {
  const bars = comparedBars(sides, names, 'ttft_ms_p50')

  it('stand series by series, and say which is simulated', () => {
    expect(bars.rows.map((row) => [row.style.label, row.style.simulated])).toEqual([
      ['rotation, 9 servers · lab', false],
      ['rotation, 9 servers · simulated', true],
      ['hop, 9 servers · lab', false],
      ['hop_rotation, 9 servers · simulated', true],
    ])
    expect(new Set(bars.rows.map(({ key }) => key)).size).toBe(4)
    expect(comparisonSvg(bars)).toContain('stroke-dasharray="4 3"')
  })

  it('are told apart by letters where both come from the same place', () => {
    expect(sideNames(measured.run, measured.run)).toEqual(['lab A', 'lab B'])
    expect(names).toEqual(['lab', 'simulated'])
  })

  it('differ by so much where both have the series', () => {
    const differences = differencesOf(bars)
    expect(differences.map((one) => [one.series, differenceText(one, 'ttft_ms_p50')])).toEqual([
      ['rotation, 9 servers', '+10.0\u00a0%'],
    ])
  })

  it('share their lines, with names of their own', () => {
    const [hitRate] = comparedLines(sides, names)
    expect(hitRate!.series.map(({ style }) => style.label)).toContain('rotation, 9 servers · simulated')
    expect(new Set(hitRate!.series.map(({ key }) => key)).size).toBe(4)
  })

  it('are exported with their origin', () => {
    const [, first, second] = comparedCsv(sides, [bars]).split('\r\n')
    expect(first).toBe('m,m,measured,"rotation, 9 servers",ttft_ms_p50,1,50,100,')
    expect(second).toBe('s,s,simulated,"rotation, 9 servers",ttft_ms_p50,1,50,110,')
  })
})
