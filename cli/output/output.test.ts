import { describe, expect, it } from 'vitest'
import type { RunDetail, RunSummary } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { defaultParameters } from '#shared/experiment/parameters'
import { clock } from './duration'
import { printError, problemLine } from './errors'
import { showProgress } from './progress'
import { summaryTable } from './summary-table'
import { fixed, table } from './table'
import type { Terminal } from './terminal'

function aTerminal(): Terminal & { lines: string[] } {
  const lines: string[] = []
  return { lines, out: (text) => lines.push(text), err: (text) => lines.push(text), isInteractive: false }
}

it('tells durations as people read them', () => {
  expect([0, 6.2, 59.9, 61, 3_599.5, 11_100].map(clock)).toEqual([
    '0:00',
    '0:07',
    '1:00',
    '1:01',
    '1:00:00',
    '3:05:00',
  ])
})

describe('errors', () => {
  it('are told with code and hint', () => {
    const terminal = aTerminal()
    printError(terminal, new SkyError('storage_full', 'The disk is full: /data', 'Free some space.'))
    printError(terminal, new SkyError('cancelled', 'The run was cancelled'))
    printError(terminal, new TypeError('x is not a function'))
    expect(terminal.lines).toEqual([
      'error: The disk is full: /data [storage_full]',
      'hint: Free some space.',
      'error: The run was cancelled [cancelled]',
      'error: x is not a function [internal]',
      'hint: This is a defect of the program: please report it.',
    ])
  })

  it('of an experiment are told as compilers do', () => {
    const problem = {
      line: 7,
      column: 12,
      path: 'parameters.servers',
      value: '96',
      message: 'too many',
      allowed: '1 to 95',
    }
    expect(problemLine('a.yaml', problem)).toBe('a.yaml:7:12: too many (96), allowed: 1 to 95')
    expect(problemLine('a.yaml', { ...problem, line: null, column: null, value: '' })).toBe(
      'a.yaml: too many, allowed: 1 to 95',
    )
  })
})

describe('tables', () => {
  it('put numbers to the right and a dash where nothing was measured', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['a', 1],
          ['bb', null],
          ['c', 100],
        ],
      ).split('\n'),
    ).toEqual([
      '┌──────┬─────┐',
      '│ name │   n │',
      '├──────┼─────┤',
      '│ a    │   1 │',
      '│ bb   │   – │',
      '│ c    │ 100 │',
      '└──────┴─────┘',
    ])
    expect([fixed(1.005, 1), fixed(0, 2), fixed(null, 1), fixed(undefined, 1)]).toEqual([
      '1.0',
      '0.00',
      null,
      null,
    ])
  })

  it('of a run show its metrics, other factors, and mark virtual latencies', () => {
    const trial = {
      trialId: 't001',
      repeat: 1,
      seed: 1,
      attempt: 1,
      factors: { strategy: 'hop', chunk_bytes: 4096 },
      parameters: { ...defaultParameters, strategy: 'hop' as const, link_delay: 'virtual' as const },
      state: { kind: 'completed' as const, startedAt: 0, durationS: 1 },
      summary: { requests: 12, block_hit_rate: 0.5, hops_mean: 1.25, ttft_ms_p50: 100.04 },
    }
    const failed = {
      ...trial,
      trialId: 't002',
      state: {
        kind: 'failed' as const,
        error: { code: 'trial_failed' as const, message: '', hint: '', details: {} },
      },
      summary: null,
    }
    const run = { trials: [trial, failed] } as unknown as RunDetail
    const [, head, , first, second] = summaryTable(run, new Map([['t001', 7.777]])).split('\n')
    const cells = (line: string | undefined): string[] => (line ?? '').split('│').map((cell) => cell.trim())
    expect(cells(head)).toEqual(
      expect.arrayContaining(['series', 'chunk_bytes', 'block hit rate', 'propagation p50 ms']),
    )
    expect(cells(first).slice(1, -1)).toEqual([
      't001',
      'hop, 9 servers (virtual)',
      '4096',
      '12',
      '0.500',
      '1.25',
      '7.78',
      '–',
      '100.0',
      '–',
      '–',
      'completed',
    ])
    expect(cells(second).slice(4, -1)).toEqual(['–', '–', '–', '–', '–', '–', '–', '–', 'failed'])

    const repeated = {
      ...trial,
      repeat: 2,
      seed: 77,
      factors: {},
      summary: {
        requests: 1,
        block_hit_rate: 0.2,
        hops_mean: 3,
        hops_p95: 33,
        get_ms_p50: 5,
        get_ms_p95: 55,
        ttft_ms_mean: 66,
        ttft_ms_p50: 6,
        ttft_ms_p95: 7,
        tpot_ms_p50: 8,
      },
    }
    const repeats = {
      trials: [trial, repeated].map((each) => ({ ...each, factors: {} })),
    } as unknown as RunDetail
    const [, header, , , last] = summaryTable(repeats, new Map([['t001', 4]])).split('\n')
    expect(cells(header).slice(1, 4)).toEqual(['trial', 'repeat', 'series'])
    expect(cells(last).slice(2, -1)).toEqual([
      '2',
      'hop, 9 servers (virtual)',
      '1',
      '0.200',
      '3.00',
      '4.00',
      '5.0',
      '6.0',
      '7.0',
      '8.00',
      'completed',
    ])
  })
})

it('shows progress as lines where no bar can be drawn', () => {
  const terminal = aTerminal()
  const progress = showProgress(terminal)
  const run = (
    progressNow: number,
    remainingS: number | null,
    kind: 'running' | 'paused' = 'running',
  ): RunSummary => ({
    runId: 'r',
    name: 'n',
    lab: 'local',
    createdAt: 0,
    state: kind === 'running' ? { kind, trialId: null } : { kind, trialId: null, reason: null },
    trialsTotal: 4,
    trialsDone: 1,
    requestsDone: Math.round(progressNow * 200),
    progress: progressNow,
    remainingS,
  })
  for (let percent = 0; percent <= 100; percent++)
    progress.update(run(percent / 100, percent === 0 ? null : 100 - percent))
  progress.note('nuc2 ended')
  progress.stop()
  expect(terminal.lines).toHaveLength(22)
  expect(terminal.lines[0]).toBe('  0% | 1/4 trials | 0 requests | time left unknown')
  expect(terminal.lines[10]).toBe(' 50% | 1/4 trials | 100 requests | 0:50 left')
  expect(terminal.lines.at(-2)).toBe('100% | 1/4 trials | 200 requests | 0:00 left')
})
