import fc from 'fast-check'
import { strategies } from '../placement'

/** Any strategy, torus, centre, count and epoch; narrow tori are as likely as wide ones. */
export const anyPlacement = fc
  .record({ slots: fc.integer({ min: 1, max: 16 }), planes: fc.integer({ min: 1, max: 12 }) })
  .chain((torus) =>
    fc.record({
      strategy: fc.constantFrom(...strategies),
      torus: fc.constant(torus),
      centre: fc.record({
        slot: fc.integer({ min: 0, max: torus.slots - 1 }),
        plane: fc.integer({ min: 0, max: torus.planes - 1 }),
      }),
      servers: fc.integer({ min: 1, max: torus.slots * torus.planes }),
      rotations: fc.nat(60),
    }),
  )
