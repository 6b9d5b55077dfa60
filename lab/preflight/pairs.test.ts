import { describe, expect, it } from 'vitest'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { plannedPairs, plannedVisits } from './pair-plan'
import { visitResult } from './visit-result'

const labOf = (satellites: number, inference: number): Inventory =>
  inventory.parse({
    name: 'lab',
    hosts: [
      ...Array.from({ length: satellites }, (_, index) => ({ role: 'satellite', name: `nuc${index}` })),
      ...Array.from({ length: inference }, (_, index) => ({ role: 'inference', name: `jetson${index}` })),
    ].map((host) => ({ ...host, address: host.name, user: 'lab' })),
  })

describe('pairs of hosts', () => {
  it('are all that talk to each other, both ways', () => {
    const lab = labOf(5, 1)
    const pairs = plannedPairs(lab)
    expect(pairs).toHaveLength(6 * 5)
    expect(new Set(pairs.map(({ from, to }) => `${from} ${to}`)).size).toBe(30)
    expect(plannedPairs(labOf(2, 2)).some(({ from, to }) => `${from}${to}` === 'jetson0jetson1')).toBe(false)
  })

  it('are measured by connections that agents make too: to data ports only', () => {
    const lab = labOf(5, 1)
    const visits = plannedVisits(lab, plannedPairs(lab))
    expect(visits).toHaveLength(5 * 4 + 5)
    expect(visits.filter(({ alsoBack }) => alsoBack).map(({ from }) => from.name)).toEqual(
      Array.from({ length: 5 }, () => 'jetson0'),
    )
  })

  it('are those of neighbours in a large lab', () => {
    expect(plannedPairs(labOf(100, 0))).toHaveLength(100 * 6)
  })
})

describe('what a connection showed', () => {
  it('is counted in Mbit/s, and the shortest round trip in ms', () => {
    const output = 'connect 240\nrtt 210.5\nto 32000000 256000\nconnect 250\nrtt 190\nfrom 32000000 512000\n'
    // 32 MB in 256 ms are 125 MB/s: a full gigabit.
    expect(visitResult(output)).toEqual({ roundTripMs: 0.19, toMbitS: 1_000, fromMbitS: 500, problem: null })
  })

  it('is the time of connecting where nobody echoes', () => {
    expect(visitResult('connect 240\n')).toEqual({
      roundTripMs: 0.24,
      toMbitS: null,
      fromMbitS: null,
      problem: null,
    })
  })

  it.each([
    ['error connect timed out\n', 'timed out'],
    ['error connect Connection refused\n', 'Connection refused'],
    ['error name Name or service not known\n', 'its name cannot be resolved: Name or service not known'],
    ['error late\n', 'the connection hung'],
    ['error connect \u001b[2Jx\n', '\\x1b[2Jx'],
    ['', 'it printed nothing'],
    ['garbage\nrtt x\nto 1 2 3\n', 'it printed nothing'],
  ])('%j is no measurement', (output, problem) => {
    expect(visitResult(output)).toEqual({ roundTripMs: null, toMbitS: null, fromMbitS: null, problem })
  })

  it('is no rate without bytes or time', () => {
    expect(visitResult('rtt 1\nto 0 500\nfrom 5000 0\n')).toMatchObject({ toMbitS: null, fromMbitS: null })
  })
})
