import { describe, expect, it } from 'vitest'
import type { LabHost, RunSummary } from '#shared/contract/console-api'
import { trialMetricNames } from '#shared/experiment/metrics'
import { clockLabel, hostsTone, hostStateLabel, hostTone, labNameOf, wayBack } from './lab'
import { metricViews } from './metrics'
import { runStateLabel, runTone } from './runs'

describe('metrics', () => {
  it.each(trialMetricNames.filter((name) => /_(mean|max|p\d\d)$/.test(name)))(
    '%s is named with its statistic and shown in its unit',
    (name) => {
      const { label, unit } = metricViews[name]
      expect(label).toContain(`, ${name.split('_').at(-1)}`)
      expect(label.toLowerCase().replaceAll(' ', '')).toContain(
        name.split('_')[0] === 'e2e' ? 'endtoend' : name.split('_')[0],
      )
      expect(unit).toBe(name.includes('_ms_') ? 'ms' : 'hops')
    },
  )

  it.each(trialMetricNames.filter((name) => name.endsWith('_rate')))('%s is a share in per cent', (name) => {
    const { share, unit, format } = metricViews[name]
    expect([share, unit, format(0.5)]).toEqual([true, '%', '50.0\u00a0%'])
  })
})

it('a finished run with failed trials is not shown as one without', () => {
  const run = (failedTrials: number): RunSummary => ({
    runId: 'r',
    name: 'r',
    lab: 'local',
    createdAt: 0,
    state: { kind: 'finished', at: 1, failedTrials },
    trialsTotal: 3,
    trialsDone: 3,
    requestsDone: 9,
    progress: 1,
    remainingS: null,
  })
  expect([runTone(run(0)), runStateLabel(run(0))]).toEqual(['ok', 'finished'])
  expect([runTone(run(2)), runStateLabel(run(2))]).toEqual(['warn', 'finished, 2 failed'])
})

describe('hosts', () => {
  const host = (state: LabHost['state']): LabHost => ({
    hostId: 'nuc1',
    role: 'satellite',
    planes: [0],
    address: '127.0.0.1',
    hardware: null,
    telemetry: null,
    clock: null,
    state,
  })
  const healthy = (peersConnected: number): LabHost =>
    host({
      kind: 'healthy',
      pid: 1,
      version: '1',
      nodeVersion: '20',
      startedAt: 0,
      rssBytes: 1,
      cpuLoad: null,
      peersConnected,
      peersExpected: 5,
    })
  const crashed = host({ kind: 'crashed', at: 0, exitCode: null, signal: 'SIGKILL', lastLines: [] })

  it('that do not reach all others are not well', () => {
    expect([hostTone(healthy(5)), hostTone(healthy(4))]).toEqual(['ok', 'warn'])
  })

  it('are together as well as the worst of them', () => {
    expect(hostsTone([healthy(5), healthy(5)])).toBe('ok')
    expect(hostsTone([healthy(5), healthy(4)])).toBe('warn')
    expect(hostsTone([healthy(4), crashed, healthy(5)])).toBe('bad')
    expect(hostsTone([])).toBe('idle')
  })

  it('that were stopped by hand are told apart from those that crashed, and have a way back', () => {
    const stopped = host({ kind: 'stopped_by_hand', at: 0, by: 'ada@laptop' })
    expect([hostStateLabel(stopped, 0), hostTone(stopped), wayBack(stopped)]).toEqual([
      'stopped',
      'warn',
      'Start',
    ])
    expect([wayBack(crashed), wayBack(healthy(5)), wayBack(host({ kind: 'stopped' }))]).toEqual([
      'Restart',
      null,
      null,
    ])
    expect(hostsTone([healthy(5), stopped])).toBe('warn')
  })

  it('that were removed are told as that; nothing is there to be started', () => {
    const removed = host({ kind: 'removed', at: 0, by: null })
    expect([hostStateLabel(removed, 0), hostTone(removed), wayBack(removed)]).toEqual([
      'removed',
      'warn',
      null,
    ])
  })

  it('that are unreachable count down to the next attempt', () => {
    const lost = (nextAttemptAt: number | null): LabHost =>
      host({ kind: 'unreachable', since: 0, attempts: 2, nextAttemptAt, reason: 'no answer' })
    const label = (nextAttemptAt: number | null): string =>
      hostStateLabel(lost(nextAttemptAt), 10_000).replaceAll('\u00a0', ' ')
    expect(hostTone(lost(null))).toBe('warn')
    expect([label(13_200), label(10_001), label(9_000), label(null)]).toEqual([
      'unreachable, next try in 4 s',
      'unreachable, next try in 1 s',
      'unreachable, trying now',
      'unreachable, trying now',
    ])
  })

  it('have clocks that are off by so much, give or take', () => {
    const plain = (clock: LabHost['clock']): string => clockLabel(clock).replaceAll('\u00a0', ' ')
    expect(plain({ offsetMs: 1.7, uncertaintyMs: 0.2 })).toBe('+1.7 ms ± 200 µs')
    expect(plain({ offsetMs: -12, uncertaintyMs: 1.5 })).toBe('-12 ms ± 1.5 ms')
    expect(plain(null)).toBe('–')
  })
})

it('only some states of a lab say which lab it is', () => {
  expect([labNameOf(null), labNameOf({ kind: 'stopped' })]).toEqual([null, null])
})
