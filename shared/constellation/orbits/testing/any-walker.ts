import fc from 'fast-check'
import type { GroundStation } from '../ground-station'
import type { Walker } from '../walker'

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })

export const anyWalker: fc.Arbitrary<Walker> = fc
  .record({ slots: fc.integer({ min: 1, max: 14 }), planes: fc.integer({ min: 1, max: 14 }) })
  .chain((torus) =>
    fc.record({
      torus: fc.constant(torus),
      pattern: fc.constantFrom('delta' as const, 'star' as const),
      altitudeM: number(200_000, 3_000_000),
      inclinationDeg: number(0, 180),
      phasing: fc.nat(torus.planes - 1),
    }),
  )

export const anyStation: fc.Arbitrary<GroundStation> = fc.record({
  latitudeDeg: number(-90, 90),
  longitudeDeg: number(-180, 180),
  altitudeM: number(-400, 6000),
  minElevationDeg: number(0, 60),
})
