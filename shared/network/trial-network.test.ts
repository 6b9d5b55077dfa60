import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noFailures } from '../constellation/routing'
import { entryOf } from '../constellation/orbits/entry'
import { onBoard } from '../constellation/orbits/on-board'
import { staticTorus } from '../constellation/orbits/static-torus'
import { positionOf, satelliteIndex } from '../constellation/torus'
import { defaultParameters, type ParameterValues } from '../experiment/parameters'
import { strategies } from '../placement/placement'
import { TrialNetwork } from './trial-network'

const anyTrial = fc
  .record({ slots: fc.integer({ min: 2, max: 20 }), planes: fc.integer({ min: 2, max: 9 }) })
  .chain(({ slots, planes }) =>
    fc.record({
      slots: fc.constant(slots),
      planes: fc.constant(planes),
      centre_slot: fc.nat(slots - 1),
      centre_plane: fc.nat(planes - 1),
      los_slots: fc.integer({ min: 1, max: 20 }),
      los_planes: fc.integer({ min: 1, max: 9 }),
      altitude_m: fc.integer({ min: 1, max: 2_000_000 }),
      geometry: fc.constantFrom('default' as const, 'paper' as const),
      strategy: fc.constantFrom(...strategies),
    }),
  )
  .map((chosen): ParameterValues => ({ ...defaultParameters, ...chosen, rotation_period_s: 4 }))

test("the simulator's static torus has exactly the light times, centres and entries of the agents", () => {
  fc.assert(
    fc.property(anyTrial, fc.nat(100), fc.nat(), (parameters, epoch, pick) => {
      const network = new TrialNetwork(parameters, { satellites: [], links: [] }, [])
      const ground = staticTorus({
        torus: network.torus,
        altitudeM: parameters.altitude_m,
        preset: parameters.geometry,
        centre: { slot: parameters.centre_slot, plane: parameters.centre_plane },
        losSlots: parameters.los_slots,
        losPlanes: parameters.los_planes,
        rotationPeriodS: parameters.rotation_period_s,
      })
      const sky = network.modelOnBoard ? onBoard(ground) : ground
      const tS = epoch * parameters.rotation_period_s
      const { centre, window } = sky.viewAt(tS)
      expect(centre).toEqual(network.centre(epoch))

      const { torus } = network
      const index = pick % (torus.slots * torus.planes)
      const at = positionOf(torus, index)
      const entry = entryOf(torus, window, at, noFailures)
      expect(entry === null ? null : positionOf(torus, entry)).toEqual(network.gateway(at, epoch))
      const microseconds = (metres: number): number => (metres / sky.lightSpeedMPerS) * 1e6
      if (!network.modelOnBoard) {
        expect(microseconds(sky.groundDistanceM(index, tS))).toBe(network.groundLightTimeUs(at, epoch))
      }
      const inPlane = { slot: (at.slot + 1) % torus.slots, plane: at.plane }
      const acrossPlanes = { slot: at.slot, plane: (at.plane + 1) % torus.planes }
      for (const other of [inPlane, acrossPlanes]) {
        const lengthM = sky.linkDistanceM(index, satelliteIndex(torus, other), tS)
        expect(microseconds(lengthM)).toBe(network.linkLightTimeUs(at, other))
      }
    }),
    { numRuns: 500 },
  )
})
