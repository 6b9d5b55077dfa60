import { expect, it } from 'vitest'
import type { RunEvent } from '#shared/contract/console-api'
import { defaultParameters } from '#shared/experiment/parameters'
import { LiveTrial } from '../../charts/live-trial'
import { MachineHistory } from '../../charts/machine-history'
import { chartEvents, liveMachinePoints } from './live-spec'

const trialAt = (trialId: string, startedAt: number): [string, LiveTrial] => [
  trialId,
  new LiveTrial({ trialId, repeat: 1, seed: 1, factors: {}, parameters: defaultParameters }, startedAt),
]
const trials = new Map([trialAt('a', 10_000), trialAt('b', 20_000)])
const event = (trialId: string, at: number, name: RunEvent['name']): RunEvent => ({
  trialId,
  at,
  name,
  message: `${name} of ${trialId}`,
})
const events = [
  event('a', 10_000, 'trial_started'),
  event('a', 12_500, 'rotation_started'),
  event('a', 12_600, 'rotation_finished'),
  event('b', 21_000, 'host_lost'),
  event('c', 22_000, 'host_lost'),
]

it('events of the trial that runs stand at their second since it began', () => {
  expect(chartEvents(events, trials, 'trial', 'b')).toEqual([
    { x: 1, label: 'host_lost of b', severity: 'fault' },
  ])
})

it('events of all trials stand at their second since the run began', () => {
  expect(chartEvents(events.slice(0, 4), trials, 'run', 'b')).toEqual([
    { x: 2.5, label: 'rotation_started of a', severity: 'note' },
    { x: 11, label: 'host_lost of b', severity: 'fault' },
  ])
})

it('events of a trial whose start is not known have no place', () => {
  expect(chartEvents(events, trials, 'trial', 'c')).toEqual([])
  expect(chartEvents(events, new Map(), 'run', null)).toEqual([])
})

it('machines are shown for the trial that runs or ran last, or along the run', () => {
  const load = {
    cpuLoad: 0.5,
    memoryUsedBytes: null,
    temperatureC: null,
    receivedBytesPerS: null,
    sentBytesPerS: null,
    gpuLoad: null,
    powerW: {},
  }
  const machines = new MachineHistory()
  machines.add('a', 2, { nuc1: load })
  machines.add('b', 1, { nuc1: load })
  const at = (axis: 'trial' | 'run', current: string | null) =>
    liveMachinePoints(machines, trials, axis, current).map(({ x }) => x)
  expect(at('trial', 'a')).toEqual([2])
  expect(at('trial', null)).toEqual([1])
  expect(at('run', 'a')).toEqual([2, 11])
})
