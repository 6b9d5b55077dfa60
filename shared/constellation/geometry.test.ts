import { describe, expect, test } from 'vitest'
import { chunkCount, chunkCountOfServer } from '../kvc/chunks'
import { placement, type Strategy } from '../placement/placement'
import { mean } from '../stats/quantile'
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
  // Sweeps of the authors' companion simulator. What does not vary: 15x15, centre (7, 7), chunks of 12,288 B, 0.020 s a chunk,
  // and 21 MiB, 81 servers and 1,920 km unless it is that what varies.
  const torus = { slots: 15, planes: 15 }
  const centre = { slot: 7, plane: 7 }
  const mebibyte = 1_048_576

  function serverTimes(strategy: Strategy, servers: number, kvcBytes: number, altitudeM: number): number[] {
    const g = geometry({ ...torus, altitudeM, preset: 'paper' })
    const chunks = chunkCount(kvcBytes, 12_288)
    return placement({ strategy, torus, centre, servers, rotations: 0 }).map((at, server) => {
      const slots = shortestDelta(centre.slot, at.slot, torus.slots)
      const planes = shortestDelta(centre.plane, at.plane, torus.planes)
      const lightS = strategy === 'hop' ? g.pathDelayS(slots, planes) : g.groundDelayS(slots, planes)
      return lightS + chunkCountOfServer(server, servers, chunks) * 0.02
    })
  }

  // strategy, servers, bytes, altitude: MAX, MIN and AVG in seconds, as printed.
  test.each([
    ['rotation', 9, 21 * mebibyte, 1_920_000, 4.017478502355813, 3.9864042695130086, 3.9965521145638934],
    ['rotation', 25, 21 * mebibyte, 1_920_000, 1.4731503872439353, 1.433162688034695, 1.456362546231536],
    ['rotation', 49, 21 * mebibyte, 1_920_000, 0.7892073679184064, 0.7331626880346951, 0.7628015825336897],
    ['rotation', 81, 21 * mebibyte, 1_920_000, 0.5253662657163904, 0.44640426951300866, 0.48252717591809674],
    ['hop', 81, 1 * mebibyte, 1_920_000, 0.08899783169726656, 0.04, 0.06950465591989842],
    ['hop', 81, 4 * mebibyte, 1_920_000, 0.14899783169726655, 0.1, 0.13271453246310833],
    ['hop_rotation', 81, 21 * mebibyte, 160_000, 0.4912454726632663, 0.45282178524458244, 0.4734994607021895],
    [
      'hop_rotation',
      81,
      21 * mebibyte,
      820_000,
      0.4964873587674562,
      0.45436801556184636,
      0.47678426229808757,
    ],
  ] as const)('%s, %i servers, %i B, %i m', (strategy, servers, kvcBytes, altitudeM, max, min, average) => {
    const times = serverTimes(strategy, servers, kvcBytes, altitudeM)
    expect(Math.max(...times)).toBeCloseTo(max, 13)
    expect(Math.min(...times)).toBeCloseTo(min, 13)
    expect(mean(times)).toBeCloseTo(average, 13)
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
