import { expect, it } from 'vitest'
import type { ClockOffset } from '#shared/contract/agent-control'
import type { HostSample, LabHosts } from '../hosts/lab-hosts'
import { aReading, counters } from '../testing/records'
import { TrialSamples } from './trial-samples'

const delay = { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }

interface Host {
  readonly role: 'satellite' | 'inference'
  readonly clock?: ClockOffset
  sample: Partial<HostSample> & { at: number }
}

function aLab(hosts: Record<string, Host>): LabHosts {
  return {
    hosts: () => Object.entries(hosts).map(([hostId, { role, clock = null }]) => ({ hostId, role, clock })),
    samples: () =>
      new Map(
        Object.entries(hosts).map(([hostId, { sample }]) => [
          hostId,
          { satellites: [], delay, apiUrl: null, machine: null, ...sample },
        ]),
      ),
  } as unknown as LabHosts
}

const offsetOf = (offsetMs: number): ClockOffset => ({ offsetMs, uncertaintyMs: 1 })
/** What a host says of its machine, at a time of its own clock. */
const machineAt = (machine: string, at: number) => ({ machine, telemetry: aReading(machine, at) })

it('puts everything on the clock of the inference host, whatever the clocks of the others say', () => {
  const lab = aLab({
    nuc1: {
      role: 'satellite',
      clock: offsetOf(-5_000),
      sample: { at: 10_050, machine: machineAt('nuc1', 5_000), satellites: [counters(0, 0, { bytes: 7 })] },
    },
    jetson: {
      role: 'inference',
      clock: offsetOf(3_600_000),
      sample: { at: 10_100, machine: machineAt('jetson', 3_610_020) },
    },
  })
  const samples = new TrialSamples(lab, 9_000)
  expect(samples.trialTime(10_000)).toBe(3_610_000)
  expect(samples.readings().map(({ machine, at }) => [machine, at])).toEqual([
    ['nuc1', 3_610_000],
    ['jetson', 3_610_020],
  ])
  expect(samples.counters()).toMatchObject({ at: 3_610_100, storedBytes: 7 })
})

it('takes a reading once, also when hosts are asked more often than machines are read', () => {
  const hosts = {
    jetson: { role: 'inference' as const, sample: { at: 10_000, machine: machineAt('local', 9_900) } },
  }
  const samples = new TrialSamples(aLab(hosts), 9_000)
  expect(samples.readings()).toHaveLength(1)
  expect(samples.readings()).toHaveLength(0)
  hosts.jetson.sample = { at: 11_000, machine: machineAt('local', 10_900) }
  expect(samples.readings()).toEqual([aReading('local', 10_900)])
})

it('leaves out what was before the trial, and hosts whose machine nobody reads', () => {
  const lab = aLab({
    nuc1: { role: 'satellite', sample: { at: 8_000, machine: machineAt('nuc1', 8_000) } },
    jetson: { role: 'inference', sample: { at: 10_000 } },
  })
  expect(new TrialSamples(lab, 9_000).readings()).toEqual([])
  expect(new TrialSamples(lab, 20_000).counters()).toBeNull()
})

it('keeps the time of a simulation', () => {
  const lab = aLab({ model: { role: 'inference', sample: { at: 10_000, trialAt: 123 } } })
  expect(new TrialSamples(lab, 9_000).counters()?.at).toBe(123)
})
