import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inventory } from './inventory'
import { dividePlanes, planesOfInventory } from './planes'

const lab = (planes: readonly (number[] | undefined)[]) =>
  inventory.parse({
    name: 'lab',
    hosts: [
      ...planes.map((carried, index) => ({
        role: 'satellite',
        name: `nuc${index + 1}`,
        address: `10.0.0.${index + 1}`,
        user: 'lab',
        ...(carried ? { planes: carried } : {}),
      })),
      { role: 'inference', name: 'jetson', address: '10.0.0.99', user: 'lab' },
    ],
  })

it('divides every plane once, in order and evenly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), (planes, hosts) => {
      const shares = dividePlanes(planes, hosts)
      expect(shares).toHaveLength(hosts)
      expect(shares.flat()).toEqual(Array.from({ length: planes }, (_, plane) => plane))
      const sizes = shares.filter((share) => share.length > 0).map((share) => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

it('keeps the planes that the inventory names', () => {
  expect([...planesOfInventory(lab([[1], [0, 2]]), 3)]).toEqual([
    ['nuc1', [1]],
    ['nuc2', [0, 2]],
  ])
  expect([...planesOfInventory(lab([undefined, undefined]), 5)]).toEqual([
    ['nuc1', [0, 1]],
    ['nuc2', [2, 3, 4]],
  ])
})

it.each([
  ['another number of planes', [[0], [1]], 3, /planes 0, 1, the constellation has 3/],
  ['a plane too many', [[0], [1], [2]], 2, /constellation has 2/],
  ['a plane twice', [[0], [0]], 2, /planes 0, 0/],
  ['named and not named', [[0], undefined], 2, /nuc2 of the lab lab has no planes, but nuc1 has/],
])('refuses %s', (_what, planes, wanted, message) => {
  expect(() => planesOfInventory(lab(planes), wanted)).toThrow(message)
})

it('refuses a lab without satellite hosts', () => {
  expect(() => planesOfInventory(lab([]), 1)).toThrow(/no satellite host/)
})
