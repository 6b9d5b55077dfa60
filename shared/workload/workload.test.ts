import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../contract/errors'
import { planWorkload, requestIdOf, zipfCumulative, type WorkloadOptions } from './plan'
import { questionText } from './prompt'
import { questions } from './questions'
import { randomStreams, shuffled } from './random'

const options: WorkloadOptions = {
  seed: 2505,
  parameters: { document_count: 12, sessions: 16, turns: 3, zipf_exponent: 1 },
  documents: 240,
}
const plan = (change: Partial<WorkloadOptions['parameters']> = {}, seed = options.seed) =>
  planWorkload({ ...options, seed, parameters: { ...options.parameters, ...change } })

describe('planWorkload', () => {
  test('same seed, same workload; another seed, another one', () => {
    expect(plan()).toEqual(plan())
    expect(plan({}, 2506)).not.toEqual(plan())
  })

  test('is what it was when this was written: runs are comparable across versions', () => {
    const first = plan()[0]
    expect({
      document: first?.document,
      picks: first?.questions.map((q) => questions.indexOf(q as never)),
    }).toEqual({
      document: 202,
      picks: [9, 18, 12],
    })
  })

  test('has the sessions, turns and documents that were asked for', () => {
    const any = fc.record({
      seed: fc.nat(0xffffffff),
      document_count: fc.integer({ min: 1, max: 20 }),
      sessions: fc.integer({ min: 1, max: 40 }),
      turns: fc.integer({ min: 1, max: 60 }),
      zipf_exponent: fc.double({ min: 0, max: 10, noNaN: true }),
    })
    fc.assert(
      fc.property(any, ({ seed, ...parameters }) => {
        const sessions = planWorkload({ seed, parameters, documents: 20 })
        expect(sessions.map((session) => session.sessionId)).toEqual([...Array(parameters.sessions).keys()])
        expect(new Set(sessions.map((session) => session.document)).size).toBeLessThanOrEqual(
          parameters.document_count,
        )
        for (const session of sessions) {
          expect(session.document).toBeGreaterThanOrEqual(0)
          expect(session.document).toBeLessThan(20)
          expect(session.questions).toHaveLength(parameters.turns)
          const once = session.questions.slice(0, questions.length)
          expect(new Set(once).size).toBe(once.length)
        }
      }),
    )
  })

  test('more sessions or turns leave the first ones as they were', () => {
    expect(plan({ sessions: 40 }).slice(0, 16)).toEqual(plan())
    const longer = plan({ turns: 30 })
    expect(longer.map((session) => ({ ...session, questions: session.questions.slice(0, 3) }))).toEqual(
      plan(),
    )
  })

  test('popularity follows Zipf', () => {
    const counts = (exponent: number) => {
      const byDocument = new Map<number, number>()
      for (const { document } of plan({
        sessions: 20_000,
        turns: 1,
        document_count: 4,
        zipf_exponent: exponent,
      })) {
        byDocument.set(document, (byDocument.get(document) ?? 0) + 1)
      }
      return [...byDocument.values()].toSorted((a, b) => b - a).map((count) => count / 20_000)
    }
    // 1, 1/2, 1/3, 1/4 over 25/12; five standard deviations of 20,000 draws are 0.018.
    const expected = [0.48, 0.24, 0.16, 0.12]
    counts(1).forEach((share, rank) => expect(Math.abs(share - (expected[rank] ?? 0))).toBeLessThan(0.018))
    counts(0).forEach((share) => expect(Math.abs(share - 0.25)).toBeLessThan(0.018))
  })

  test('too few documents are an error, not a smaller workload', () => {
    expect(() => planWorkload({ ...options, documents: 11 })).toThrow(SkyError)
  })

  test('request ids count session by session', () => {
    expect(requestIdOf(0, 0, 3)).toBe(0)
    expect(requestIdOf(2, 1, 3)).toBe(7)
  })
})

test('cumulative Zipf ends at exactly 1', () => {
  expect([...zipfCumulative(2, 1)]).toEqual([2 / 3, 1])
  expect(zipfCumulative(100_000, 10).at(-1)).toBe(1)
})

describe('questionText', () => {
  test('sets the question apart from the text before it', () => {
    expect(questionText('Why?')).toBe('\n\nQuestion: Why?\nAnswer: ')
  })
})

describe('random streams', () => {
  test('are independent of how much is drawn from one', () => {
    const second = (draws: number) => {
      const streams = randomStreams(7)
      const first = streams.next().value
      for (let i = 0; i < draws; i++) first.real()
      return streams.next().value.real()
    }
    expect(second(100)).toBe(second(0))
  })

  test('differ between streams and between neighbouring seeds', () => {
    const first = (seed: number, count: number) => {
      const streams = randomStreams(seed)
      return Array.from({ length: count }, () => streams.next().value.real())
    }
    const all = [first(0, 50), first(1, 50), first(2, 50), first(0xffffffff, 50)].flat()
    expect(new Set(all).size).toBe(all.length)
  })

  test('shuffled keeps every value', () => {
    const random = randomStreams(3).next().value
    const mixed = shuffled([1, 2, 3, 4, 5, 6, 7, 8], random)
    expect(mixed.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(mixed).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })
})
