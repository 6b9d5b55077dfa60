import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onTorus } from './on-torus'
import { defaultParameters } from './parameters'
import { checkRelations } from './relations'

test('the defaults fit on any torus', () => {
  const side = fc.integer({ min: 1, max: 60 })
  fc.assert(
    fc.property(side, side, (slots, planes) => {
      const fitted = onTorus({ ...defaultParameters, servers: 1 }, { slots, planes })
      expect(fitted).toMatchObject({ slots, planes })
      expect(checkRelations(fitted)).toEqual([])
    }),
  )
})

test('what fits stays as it is', () => {
  const { slots, planes } = defaultParameters
  expect(onTorus(defaultParameters, { slots, planes })).toEqual(defaultParameters)
})
