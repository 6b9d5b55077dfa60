import { describe, expect, it } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import { MemoryLab } from '../testing/memory-lab'
import { constellationSnapshot, linksOf, trialGeography } from './constellation'

const shape = { slots: 19, planes: 5 }
const nothingFailed = { satellites: [], links: [] }
const trial = (change: Partial<typeof defaultParameters>, epoch: number) => ({
  parameters: { ...defaultParameters, ...change },
  trialKey: 'k',
  epoch,
})

describe('where everything is', () => {
  it('wanders with the rotations while the model is on the ground', () => {
    const { centre, window, servers } = trialGeography(trial({ strategy: 'rotation' }, 2), shape)
    expect(centre).toEqual({ slot: 7, plane: 2 })
    expect(window).toHaveLength(9)
    expect(window[0]).toEqual({ slot: 6, plane: 1 })
    expect(servers).toHaveLength(9)
    expect(servers.map((server) => server.slot).sort()).toEqual([6, 6, 6, 7, 7, 7, 8, 8, 8])
  })

  it('stays while the model is on board, which has no window', () => {
    const { centre, window, servers } = trialGeography(trial({ strategy: 'hop' }, 2), shape)
    expect(centre).toEqual({ slot: 9, plane: 2 })
    expect(window).toEqual([])
    expect(servers[0]).toEqual({ slot: 9, plane: 2 })
  })

  it('has no servers without a cache or a trial, and fits any constellation', () => {
    expect(trialGeography(trial({ cache: 'off' }, 0), shape).servers).toEqual([])
    const { centre, window, servers } = trialGeography(null, { slots: 2, planes: 1 })
    expect(centre).toEqual({ slot: 1, plane: 0 })
    expect(window).toHaveLength(2)
    expect(servers).toEqual([])
  })
})

it('shows every satellite, also of hosts that are lost or have not answered', async () => {
  const lab = new MemoryLab({ slots: 4, planes: 3 })
  const before = constellationSnapshot(lab, null, nothingFailed, 1)
  expect(before.satellites).toHaveLength(12)
  expect(before.satellites.every((satellite) => satellite.bytes === 0 && !satellite.failed)).toBe(true)
  await lab.poll()
  lab.kill('nuc2')
  const failures = { satellites: [{ slot: 3, plane: 0 }], links: [] }
  const after = constellationSnapshot(lab, null, failures, 2)
  expect(
    after.satellites.map(
      (satellite) => `${satellite.hostId} ${satellite.plane},${satellite.slot} ${satellite.failed}`,
    ),
  ).toEqual([
    ...[0, 1, 2, 3].map((slot) => `nuc1 0,${slot} ${slot === 3}`),
    ...[0, 1, 2, 3].map((slot) => `nuc2 1,${slot} true`),
    ...[0, 1, 2, 3].map((slot) => `nuc3 2,${slot} false`),
  ])
  expect(after.satellites.every((satellite) => satellite.bytes === 10)).toBe(true)
})

it('knows the links of a satellite, their lengths, and which have failed from either end', () => {
  const failures = { satellites: [], links: [{ slot: 18, plane: 2, direction: 'slot' as const }] }
  const from = linksOf({ slot: 18, plane: 2 }, shape, defaultParameters, failures)
  expect(from.map(({ to, direction, failed }) => `${direction} ${to.slot},${to.plane} ${failed}`)).toEqual([
    'slot 0,2 true',
    'slot 17,2 false',
    'plane 18,3 false',
    'plane 18,1 false',
  ])
  const back = linksOf({ slot: 0, plane: 2 }, shape, defaultParameters, failures)
  expect(back.find((link) => link.to.slot === 18)?.failed).toBe(true)
  // 2 (R + h) sin(pi / 19), the chord between neighbours of a plane.
  expect(from[0]?.distanceM).toBeCloseTo(2 * (6_371_000 + 550_000) * Math.sin(Math.PI / 19), 3)
  expect(from[0]?.delayMs).toBeCloseTo(((from[0]?.distanceM ?? 0) / 299_792_458) * 1_000, 9)
  expect(linksOf({ slot: 0, plane: 0 }, { slots: 3, planes: 1 }, defaultParameters, failures)).toHaveLength(2)
})
