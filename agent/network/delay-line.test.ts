import { describe, expect, test } from 'vitest'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import { DelayLine } from './delay-line'

const packet = (): Packet => ({
  kind: PacketKind.get,
  flags: 0,
  ttl: 9,
  hops: 0,
  requestHops: 0,
  requestId: 1,
  origin: { slot: 0, plane: 0 },
  destination: { slot: 0, plane: 0 },
  epoch: 0,
  propagationUs: 0,
  demandedUs: 0,
  achievedUs: 0,
  route: [],
  body: [],
})

const cross = (line: DelayLine, one: Packet, us: number): Promise<void> =>
  new Promise((resolve) => line.traverse(one, us, resolve))

describe('the delay line', () => {
  test('off: counts the hop, and nothing else', async () => {
    const line = new DelayLine()
    const one = packet()
    await cross(line, one, 5_000)
    expect(one).toMatchObject({ hops: 1, propagationUs: 0, achievedUs: 0 })
  })

  test('virtual: adds the light time and waits for nothing', () => {
    const line = new DelayLine()
    line.reset('virtual')
    const one = packet()
    let arrived = false
    line.traverse(one, 3_600_000_000, () => (arrived = true))
    expect(arrived).toBe(true)
    expect(one.propagationUs).toBe(3_600_000_000)
  })

  test('real: never early, and lateness does not add up over hops', async () => {
    const line = new DelayLine()
    line.reset('real')
    const one = packet()
    const start = performance.now()
    for (let hop = 0; hop < 5; hop++) {
      await cross(line, one, 3_300)
      expect(performance.now() - start).toBeGreaterThanOrEqual((hop + 1) * 3.3)
      expect(one.achievedUs).toBeGreaterThanOrEqual(one.demandedUs)
    }
    expect(one.demandedUs).toBeCloseTo(16_500)
    expect(line.totals.packets).toBe(5)
    // What a late link took too long is not demanded again.
    expect(line.totals.demandedMs).toBeLessThanOrEqual(16.5)
    expect(line.totals.achievedMs).toBeGreaterThanOrEqual(line.totals.demandedMs)
    expect(line.totals.achievedMs).toBeCloseTo(one.achievedUs / 1000, 6)
  })
})
