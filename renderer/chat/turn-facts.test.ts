import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatAnswer } from '#shared/contract/chat-api'
import type { ErrorBody } from '#shared/contract/errors'
import { emptyMeasurement } from '#shared/experiment/measurement'
import {
  chunksByHops,
  howItEnded,
  partsOfTtft,
  sameWords,
  senders,
  speedup,
  tokensPerSecond,
  whoEndedIt,
} from './turn-facts'

function answer(values: Partial<ChatAnswer['measurement']> = {}, more: Partial<ChatAnswer> = {}): ChatAnswer {
  const measurement = { ...emptyMeasurement(0, 100, 3), ...values }
  return { text: 'one two', finish: 'stop', measurement, queueMs: 0, ...more }
}

describe('a turn', () => {
  it('knows the satellites that sent chunks, and how far they were', () => {
    const step = (slot: number, plane: number) => ({ slot, plane, propagationMs: 1 })
    const from = senders(
      [
        { server: 0, steps: [step(3, 1)] },
        { server: 1, steps: [step(3, 1), step(4, 1)] },
        { server: 2, steps: [] },
      ],
      { slot: 9, plane: 2 },
    )
    expect(from).toEqual([
      { server: 0, slot: 3, plane: 1, hops: 1 },
      { server: 1, slot: 4, plane: 1, hops: 2 },
      { server: 2, slot: 9, plane: 2, hops: 0 },
    ])
    expect(chunksByHops([0, 7, 5], from)).toEqual([
      { hops: 1, chunks: 7, satellites: 1 },
      { hops: 2, chunks: 5, satellites: 1 },
    ])
  })

  it('cuts the time to the first token without gap and overlap, whatever was measured', () => {
    const ms = fc.option(fc.double({ min: 0.001, max: 1e5, noNaN: true }))
    const some = fc.record({ lookupMs: ms, getMs: ms, restoreMs: ms, prefillMs: ms, ttftMs: ms })
    fc.assert(
      fc.property(some, (values) => {
        const parts = partsOfTtft(answer(values))
        if (values.ttftMs === null) {
          expect(parts).toEqual([])
          return
        }
        let at = 0
        for (const part of parts) {
          expect(part.from).toBeCloseTo(at, 9)
          expect(part.to).toBeGreaterThanOrEqual(part.from - 1e-9)
          at = part.to
        }
        expect(at).toBeCloseTo(1, 9)
        const names = parts.map(({ name }) => name)
        expect(names.includes('Lookup')).toBe(values.lookupMs !== null)
      }),
    )
  })

  it('compares with the same prompt without the cache', () => {
    const [warm, cold] = [answer({ ttftMs: 100, tpotMs: 20 }), answer({ ttftMs: 850 })]
    expect(speedup(warm, cold)).toBe(8.5)
    expect(speedup(warm, null)).toBeNull()
    expect([tokensPerSecond(warm), tokensPerSecond(cold)]).toEqual([50, null])
    expect(sameWords(warm, cold)).toBe(true)
    expect(sameWords(answer({}, { text: 'one' }), cold)).toBe(true)
    expect(sameWords(answer({}, { text: 'two' }), cold)).toBe(false)
    expect(sameWords(answer({}, { text: '' }), cold)).toBeNull()
  })

  it('says who ended it', () => {
    const ended = (finish: ChatAnswer['finish'], modelStopped = false): string | null =>
      howItEnded(answer({}, { finish }), modelStopped)
    expect([ended('stop'), ended('length'), ended('stopped'), ended('stopped', true)]).toEqual([
      null,
      'cut at the length limit',
      'stopped',
      'stopped with the model',
    ])
    const error = (code: ErrorBody['code']): ErrorBody => ({ code, message: 'm', hint: '', details: {} })
    const failed = (text: string, modelStopped: boolean, code: ErrorBody['code']): string | null =>
      whoEndedIt({ text, modelStopped }, error(code))
    expect(failed('', false, 'cancelled')).toBe('Stopped before the answer began.')
    expect(failed('', true, 'cancelled')).toBe('The model was stopped before the answer began.')
    expect(failed('one', true, 'engine_failed')).toBe('The model was stopped in the middle of the answer.')
    expect(failed('one', false, 'engine_failed')).toBeNull()
  })
})
