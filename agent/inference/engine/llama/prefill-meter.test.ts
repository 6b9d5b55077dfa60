import { expect, test } from 'vitest'
import { PrefillMeter } from './prefill-meter'

test('the rate is that of whole blocks, as soon as there are some', () => {
  const meter = new PrefillMeter()
  expect(meter.tokensPerS()).toBeNull()
  meter.blocks(0, 0.01)
  meter.tail(10, 100)
  expect(meter.tokensPerS()).toBeCloseTo(100, 9)
  meter.blocks(256, 1_000)
  meter.tail(10, 1_000)
  expect(meter.tokensPerS()).toBeCloseTo(256, 1)
  meter.blocks(256, 3_000)
  expect(meter.tokensPerS()).toBeCloseTo(128, 1)
})
