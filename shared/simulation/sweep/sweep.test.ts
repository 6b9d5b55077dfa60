import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockLatency } from '../latency/latency'
import { checkSweep, configurationAt, maxSweepSize, sweepSize, type SweepGrid } from './grid'
import { paperValues } from './paper-sweep'
import { sweepColumns, sweepCsvHeader, sweepCsvLines } from './sweep-csv'
import { maxListLength, parseNumberList } from './value-list'

const small: SweepGrid = {
  preset: ['paper', 'default'],
  strategy: ['rotation', 'hop'],
  slots: [7, 9],
  planes: [5],
  centre: [
    { slot: 3, plane: 2 },
    { slot: 0, plane: 4 },
  ],
  rotations: [0, 2],
  servers: [3, 4, 10],
  altitudeM: [550_000, 1_200_000.5],
  kvcBytes: [1_000_000],
  chunkBytes: [12_288, 4_096],
  chunkProcessingTimeS: [0, 0.002, 0.02],
}

describe('a factorial sweep', () => {
  test('is every combination once, the last parameter varying fastest', () => {
    const size = sweepSize(small)
    expect(size).toBe(2 * 2 * 2 * 1 * 2 * 2 * 3 * 2 * 1 * 2 * 3)
    const all = Array.from({ length: size }, (_, index) => configurationAt(small, index))
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(size)
    expect(all.slice(0, 4).map((one) => [one.chunkBytes, one.chunkProcessingTimeS])).toEqual([
      [12_288, 0],
      [12_288, 0.002],
      [12_288, 0.02],
      [4_096, 0],
    ])
    expect(all.findIndex((one) => one.preset === 'default')).toBe(size / 2)
  })

  test('every line says what the plain model says', () => {
    const lines = sweepCsvLines(small, 0, sweepSize(small)).trimEnd().split('\r\n')
    lines.forEach((line, index) => {
      const configuration = configurationAt(small, index)
      const { torus, centre } = configuration
      const latency = blockLatency(configuration)
      const chunks = latency.perServer.reduce((sum, server) => sum + server.chunks, 0)
      const row = Object.fromEntries(sweepColumns.map((name, column) => [name, line.split(',')[column]]))
      expect(row).toEqual({
        preset: configuration.preset,
        strategy: configuration.strategy,
        slots: String(torus.slots),
        planes: String(torus.planes),
        servers: String(configuration.servers),
        rotations: String(configuration.rotations),
        centre_slot: String(centre.slot),
        centre_plane: String(centre.plane),
        altitude_m: String(configuration.altitudeM),
        kvc_bytes: String(configuration.kvcBytes),
        chunk_bytes: String(configuration.chunkBytes),
        chunk_processing_time_s: String(configuration.chunkProcessingTimeS),
        chunks: String(chunks),
        max_s: String(latency.maxS),
        min_s: String(latency.minS),
        mean_s: String(latency.meanS),
        std_s: String(latency.stdS),
        se_s: String(latency.seS),
      })
    })
    expect(sweepCsvHeader).toBe(`${sweepColumns.join(',')}\r\n`)
  })

  test('parts put together are the whole, wherever it is cut', () => {
    const size = sweepSize(small)
    const whole = sweepCsvLines(small, 0, size)
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: size - 1 }), { maxLength: 5 }), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), size]
        const parts = ends.map((to, index) => sweepCsvLines(small, index === 0 ? 0 : ends[index - 1]!, to))
        expect(parts.join('')).toBe(whole)
      }),
      { numRuns: 30 },
    )
  })

  test.each<[Partial<SweepGrid>, RegExp]>([
    [{ servers: [] }, /servers has no value/],
    [{ servers: [3, 36] }, /servers is 36, but 7 slots and 5 planes make 35/],
    [{ centre: [{ slot: 8, plane: 0 }] }, /centre is 8,0, outside the torus of 7 slots/],
    [{ altitudeM: [550_000, 0] }, /altitude is 0 m/],
    [{ altitudeM: [NaN] }, /altitude is NaN m/],
    [{ kvcBytes: [1, -1] }, /kvc-bytes is -1/],
    [{ chunkBytes: [Infinity] }, /chunk-bytes is Infinity/],
    [{ chunkProcessingTimeS: [-1] }, /chunk-processing-time is -1 s/],
    [{ rotations: [0.5] }, /rotations is 0.5/],
    [{ slots: [0] }, /slots is 0/],
    [{ planes: [-1] }, /planes is -1/],
    [
      {
        kvcBytes: Array.from({ length: 1e5 }, (_, index) => index + 1),
        altitudeM: Array.from({ length: 1e5 }, (_, index) => index + 1),
      },
      new RegExp(`the sweep has \\d+ configurations`),
    ],
  ])('refuses lists that hold something impossible', (change, message) => {
    expect(() => checkSweep({ ...small, ...change })).toThrow(message)
  })

  test('takes what is possible, up to its limit', () => {
    checkSweep(small)
    expect(maxSweepSize).toBeGreaterThan(sweepSize(small))
  })
})

describe('lists of values', () => {
  test.each([
    ['9,25,49,81', paperValues.SERVERS],
    ['1048576:22020096:1048576', paperValues.KVC_BYTES],
    ['0.002:0.02:0.002', paperValues.CHUNK_PROCESSING_TIME],
    ['160000:1920000:220000', paperValues.ALTITUDE],
    ['1:10:4,2', [1, 5, 9, 2]],
    ['3:1:-1', [3, 2, 1]],
    ['5:5:1', [5]],
    ['-1e3', [-1000]],
  ])('%s', (text, values) => {
    expect(parseNumberList(text)).toEqual({ ok: true, values })
  })

  test.each([
    ['', '"" is not a number'],
    ['1,,2', '"" is not a number'],
    ['1,x', '"x" is not a number'],
    ['NaN', '"NaN" is not a number'],
    ['1:2', '"1:2" is neither a number nor from:to:step'],
    ['1:5:0', '"1:5:0" has no values, or too many'],
    ['5:1:1', '"5:1:1" has no values, or too many'],
    ['0:1:1e-9', '"0:1:1e-9" has no values, or too many'],
    ['1,2,1', 'a value occurs twice'],
    ['1:60000:1,100001:160000:1', `more than ${maxListLength} values`],
  ])('%s is refused', (text, problem) => {
    expect(parseNumberList(text)).toEqual({ ok: false, problem })
  })
})
