import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProofQuestion } from '#shared/contract/proof-api'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { planesOfInventory } from '#shared/inventory/planes'
import { proofParameters, shapeFor } from './proof-parameters'

const question: ProofQuestion = {
  model: 'tiny',
  kvType: 'q8_0',
  blockTokens: 64,
  promptTokens: 300,
  outputTokens: 8,
  threads: 2,
}

/** Satellite hosts with so many planes each; null = not named. */
function labOf(planes: readonly (number | null)[]): Inventory {
  let next = 0
  const host = { address: '10.0.0.1', user: 'lab' }
  const satellites = planes.map((count, index) => ({
    ...host,
    name: `nuc${index + 1}`,
    role: 'satellite',
    ...(count !== null && { planes: Array.from({ length: count }, () => next++) }),
  }))
  return inventory.parse({
    name: 'rack',
    hosts: [...satellites, { ...host, name: 'jetson', role: 'inference' }],
  })
}

describe('the parameters of a proof', () => {
  it('fit every constellation', () => {
    const shape = fc.record({
      slots: fc.integer({ min: 2, max: 40 }),
      planes: fc.integer({ min: 1, max: 40 }),
    })
    fc.assert(
      fc.property(shape, (given) => {
        const found = proofParameters(question, given)
        expect(found).toMatchObject({
          ...given,
          engine: 'llama',
          model: 'tiny',
          cache: 'skymemory',
          threads: 2,
        })
        expect(found.servers).toBeGreaterThan(0)
        expect(found.servers).toBeLessThanOrEqual(Math.min(9, given.slots * given.planes))
        expect(found.context_tokens).toBeGreaterThanOrEqual(308)
      }),
    )
  })

  it.each([
    [5, 3, 9],
    [4, 2, 6],
    [19, 5, 9],
    [2, 1, 1],
  ])('have servers that turn with it: of %dx%d, %d', (slots, planes, servers) => {
    expect(proofParameters(question, { slots, planes }).servers).toBe(servers)
  })

  it('are refused where nothing can move', () => {
    expect(() => proofParameters(question, { slots: 1, planes: 5 })).toThrow(/1x5 nothing moves/)
  })

  it('are refused for blocks that are too long', () => {
    const asked = () => proofParameters({ ...question, blockTokens: 65_536 }, { slots: 5, planes: 3 })
    expect(asked).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error)
  })
})

describe('the constellation of a lab that does not run', () => {
  it.each<[(number | null)[], number]>([
    [[null], 3],
    [[null, null, null, null, null], 5],
    [[1, 1], 2],
    [[2, 3], 5],
  ])('of hosts with %j planes has %i', (planes, expected) => {
    const lab = labOf(planes)
    const shape = shapeFor(lab)
    expect(shape).toEqual({ slots: 5, planes: expected })
    // Every satellite host has a part in it.
    expect([...planesOfInventory(lab, shape.planes).values()].every((each) => each.length > 0)).toBe(true)
  })
})
