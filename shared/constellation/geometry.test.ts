import { describe, expect, test } from 'vitest'
import { placement } from '../placement/placement'
import { geometry, groundWeights } from './geometry'
import { shortestDelta } from './torus'

const testbed = { slots: 19, planes: 5, altitudeM: 550_000 } as const

describe('geometry', () => {
  test('links are chords of the orbit', () => {
    const { intraPlaneM, interPlaneM } = geometry({ ...testbed, preset: 'default' })
    expect(intraPlaneM).toBeCloseTo(2 * 6_921_000 * Math.sin(Math.PI / 19), 3)
    expect(interPlaneM).toBeCloseTo(2 * 6_921_000 * Math.sin(Math.PI / 5), 3)
  })

  test('light time of a link follows its direction and the preset', () => {
    const exact = geometry({ ...testbed, preset: 'default' })
    const paper = geometry({ ...testbed, preset: 'paper' })
    expect(exact.linkDelayS('slot-')).toBe(exact.intraPlaneM / 299_792_458)
    expect(exact.linkDelayS('plane+')).toBe(exact.interPlaneM / 299_792_458)
    expect(paper.linkDelayS('slot')).toBe(paper.intraPlaneM / 2.998e8)
  })

  test('the satellite overhead is as far as it is high; signs do not matter', () => {
    const g = geometry({ ...testbed, preset: 'default' })
    expect(g.slantM(0, 0)).toBe(550_000)
    expect(g.slantM(-2, 1)).toBe(g.slantM(2, -1))
    expect(g.pathM(-2, 1)).toBe(2 * g.intraPlaneM + g.interPlaneM)
    expect(g.groundDelayS(0, 0)).toBe(550_000 / 299_792_458)
  })

  test('a direction without a neighbour has no length', () => {
    expect(geometry({ slots: 1, planes: 4, altitudeM: 1, preset: 'default' }).intraPlaneM).toBe(0)
  })
})

describe("the paper's latency model", () => {
  // The last row of each sweep but for what varies: 15x15, centre (7, 7), 21 MiB in chunks of 12,288 B, 0.020 s a chunk, 1,920 km.
  const torus = { slots: 15, planes: 15 }
  const centre = { slot: 7, plane: 7 }
  const chunks = (21 * 1_048_576) / 12_288
  const g = geometry({ ...torus, altitudeM: 1_920_000, preset: 'paper' })

  // Figures printed by the authors' companion simulator (rotation.SERVERS): servers, MAX and MIN in seconds.
  test.each([
    [9, 4.017478502355813, 3.9864042695130086],
    [25, 1.4731503872439353, 1.433162688034695],
    [49, 0.7892073679184064, 0.7331626880346951],
    [81, 0.5253662657163904, 0.44640426951300866],
  ])('%i servers by rotation take as long as in the companion simulator', (servers, max, min) => {
    const positions = placement({ strategy: 'rotation', torus, centre, servers, rotations: 0 })
    const times = positions.map((at, server) => {
      const own = Math.floor(chunks / servers) + (server < chunks % servers ? 1 : 0)
      const slots = shortestDelta(centre.slot, at.slot, torus.slots)
      const planes = shortestDelta(centre.plane, at.plane, torus.planes)
      return g.groundDelayS(slots, planes) + own * 0.02
    })
    expect(Math.max(...times)).toBeCloseTo(max, 13)
    expect(Math.min(...times)).toBeCloseTo(min, 13)
  })
})

describe('groundWeights', () => {
  test('equal sides weigh exactly the same', () => {
    expect(groundWeights({ slots: 15, planes: 15 })).toEqual({ slot: 1, plane: 1 })
  })

  test('the shorter pitch is the unit', () => {
    const weights = groundWeights({ slots: 19, planes: 5 })
    expect(weights.slot).toBe(1)
    expect(weights.plane).toBeCloseTo((Math.sin(Math.PI / 5) / Math.sin(Math.PI / 19)) ** 2, 10)
  })

  test('a torus that is one wide has weights all the same', () => {
    expect(groundWeights({ slots: 1, planes: 5 })).toEqual({ slot: 0, plane: 1 })
    expect(groundWeights({ slots: 5, planes: 1 })).toEqual({ slot: 1, plane: 0 })
  })
})
