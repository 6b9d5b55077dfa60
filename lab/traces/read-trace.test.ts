import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { requestsOf } from '#shared/simulation/traces/trace-batch'
import { loadTrace, openTrace } from './read-trace'
import { gzipped, load, mooncakeLines, traceFile } from './testing/trace-files'
import type { ReadProgress } from './trace-bytes'

const ten = mooncakeLines(10)
const text = `${ten.join('\n')}\n`

describe('a trace file', () => {
  test('is read whether or not it is gzip, whatever its name', async () => {
    const plain = await loadTrace(traceFile(text))
    const zipped = await loadTrace(traceFile(gzipped(text), 'trace.txt'))
    expect(zipped).toEqual(plain)
    expect(plain.trace).toMatchObject({ requests: 10, uniqueBlocks: 7 })
    expect(plain.settings).toMatchObject({ format: 'mooncake', blockTokens: 512 })
    expect(plain.tally).toEqual({ unit: 'line', requests: 10, skippedLines: 0, firstSkipped: [] })
    // Several members one after another are one file, as gzip itself has it.
    const members = Buffer.concat([
      gzipped(`${ten.slice(0, 4).join('\n')}\n`),
      gzipped(ten.slice(4).join('\n')),
    ])
    expect((await loadTrace(traceFile(members))).trace).toEqual(plain.trace)
  })

  test('may have a byte order mark, CRLF, empty lines, and no line break at its end', async () => {
    const expected = await load(text)
    expect(await load(`\uFEFF${ten.join('\r\n')}`)).toEqual(expected)
    expect(await load(`\n${ten.join('\n\n')}\n\n`)).toEqual(expected)
  })

  test('that is not there, or is no file, is told of', async () => {
    await expect(openTrace('/nowhere/trace.jsonl')).rejects.toMatchObject({ code: 'not_found' })
    await expect(openTrace(temporaryFolder())).rejects.toThrow(/is no file/)
  })

  test.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /is empty/],
    ['white space', ' \n\t\n', /nothing but white space/],
    ['gzip of nothing', gzipped(''), /nothing but white space/],
    ['a story', 'once upon a time\n', /format of the trace cannot be told/],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), /compressed by zstd/],
    ['a ZIP archive', Buffer.from('PK\x03\x04....'), /ZIP archive/],
    ['Parquet', Buffer.from('PAR1....'), /Parquet/],
    ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le'), /UTF-16/],
    ['Brotli', brotliCompressSync(text), /cannot be told|not UTF-8/],
    ['a header without rows', 'TIMESTAMP,ContextTokens,GeneratedTokens\n', /holds no request/],
  ])('of %s is refused', async (_what, content, message) => {
    const options = { prefixModel: { kind: 'none' } } as const
    const refused = load(content, message.source.includes('holds no request') ? options : {})
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_trace',
      message: expect.stringMatching(message) as string,
    })
  })

  test('that ends in the middle of a line says so, with the line', async () => {
    await expect(load(text.slice(0, -20))).rejects.toMatchObject({
      code: 'invalid_trace',
      message: expect.stringMatching(/trace\.jsonl, line 10: the file ends in the middle of it/) as string,
      details: { line: 10 },
    })
  })

  test('that ends in the middle of its gzip data says so, whatever is skipped', async () => {
    const many = gzipped(mooncakeLines(5000).join('\n'))
    for (const skipBadLines of [false, true]) {
      const cut = load(many.subarray(0, many.length / 2), { skipBadLines })
      await expect(cut).rejects.toThrow(/gzip data ends too early/)
    }
    const broken = Buffer.from(many)
    broken.fill(0xff, 1000, 1100)
    await expect(load(broken)).rejects.toThrow(/gzip data is broken/)
  })
})

describe('a bad line', () => {
  const withLine = (line: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${ten[0]}\n\n${ten[1]}\n`), Buffer.from(line), Buffer.from(`\n${ten[2]}\n`)])
  const cases: [string, string | Buffer, RegExp][] = [
    ['no JSON', '{"timestamp": 5,', /line 4: it is not valid JSON/],
    ['no object', '17', /line 4: it is no JSON object: 17/],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), /line 4: it is not UTF-8/],
    ['NaN', ten[3]?.replace('30', 'NaN') ?? '', /line 4: it is not valid JSON/],
    ['infinite', ten[3]?.replace('30', '1e999') ?? '', /line 4: timestamp is Infinity/],
    ['negative', ten[3]?.replace('512', '-512') ?? '', /line 4: input_length is -512/],
    [
      'with ids that do not fit',
      ten[3]?.replace('512', '513') ?? '',
      /line 4: it has 1 hash_ids, but .* 2 blocks/,
    ],
    ['back in time', ten[0] ?? '', /line 4: its time lies 10 ms before/],
    [
      'absurdly long',
      `{"timestamp": 20, "x": "${'y'.repeat(16 * 1024 * 1024)}"}`,
      /line 4: it is longer than 16777216 B/,
    ],
  ]
  test.each(cases)('(%s) ends the reading, with its number and reason', async (_what, line, message) => {
    await expect(load(withLine(line))).rejects.toThrow(message)
  })

  test.each(cases)('(%s) can be skipped, and is counted', async (_what, line, message) => {
    const { trace, tally } = await loadTrace(traceFile(withLine(line)), { skipBadLines: true })
    expect([...trace.timestampsMs]).toEqual([0, 10, 20])
    expect(tally).toMatchObject({ requests: 3, skippedLines: 1 })
    const [skipped] = tally.firstSkipped
    expect(`line ${skipped?.number}: ${skipped?.reason}`).toMatch(message)
  })

  test('leaves nothing behind: no block of it is counted', async () => {
    const bad = JSON.stringify({ timestamp: -1, input_length: 512, output_length: 1, hash_ids: [99] })
    const { trace } = await loadTrace(traceFile(withLine(bad)), { skipBadLines: true })
    expect(trace.uniqueBlocks).toBe(3)
  })

  test('is not enough: a trace of nothing else is refused with the first reason', async () => {
    const refused = load('{}\n{}\n{}', { skipBadLines: true, format: 'mooncake' })
    await expect(refused).rejects.toThrow(
      /holds no request: 3 skipped, the first \(line 1\) because timestamp is missing/,
    )
  })

  test('is kept as an example a few times only', async () => {
    const { tally } = await loadTrace(traceFile(`${'{}\n'.repeat(50)}${text}`), {
      skipBadLines: true,
      format: 'mooncake',
    })
    expect(tally.skippedLines).toBe(50)
    expect(tally.firstSkipped).toHaveLength(5)
  })
})

test('times that go back can be sorted instead', async () => {
  const shuffled = [ten[4], ten[0], ten[9], ten[2]].join('\n')
  const trace = await load(shuffled, { sortByTime: true })
  expect([...trace.timestampsMs]).toEqual([0, 20, 40, 90])
})

test('AIPerf sessions are put in the order of arrival', async () => {
  const trace = await load(
    [
      '{"session_id": "a", "timestamp": 1000, "input_length": 4, "output_length": 2, "hash_ids": [1]}',
      '{"session_id": "a", "delay": 500, "input_length": 2, "output_length": 2, "hash_ids": [2]}',
      '{"session_id": "b", "timestamp": 1200, "input_length": 4, "output_length": 2, "hash_ids": [1]}',
    ].join('\n'),
    { blockTokens: 4 },
  )
  expect(
    [...requestsOf(trace)].map(({ timestampMs, session, inputTokens }) => [
      timestampMs,
      session,
      inputTokens,
    ]),
  ).toEqual([
    [0, 0, 4],
    [200, 1, 4],
    [500, 0, 8],
  ])
})

describe('CSV', () => {
  const rows = [
    '2023-11-16 18:15:46.6805900,374,44',
    '2023-11-16 18:15:50.9951690,396,109',
    '2023-11-16 18:15:51,879,55',
  ]
  const csv = (lines: readonly string[], end = '\r\n'): string =>
    ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines].join(end)
  const options = { prefixModel: { kind: 'none' } } as const

  test('is read with its line numbers', async () => {
    const trace = await load(csv(rows), options)
    expect([...trace.inputTokens]).toEqual([374, 396, 879])
    expect(trace.blockTokens).toBe(128)
    await expect(load(csv([...rows, 'x,1,2']), options)).rejects.toThrow(/line 5: TIMESTAMP is "x"/)
  })

  test.each([
    ['too few fields', '2023-11-16 18:15:51,5', /line 3: it has 2 fields where the header line has 3/],
    ['an open quote', '"2023-11-16 18:15:51,5,1', /line 3: it is not valid CSV/],
    ['a quote inside', '2023"-11-16 18:15:51,5,1', /line 3: it is not valid CSV/],
  ])('with %s tells the line', async (_what, bad, message) => {
    const lines = [rows[0] as string, bad, rows[2] as string]
    await expect(load(csv(lines), options)).rejects.toThrow(message)
    const { trace, tally } = await loadTrace(traceFile(csv(lines, '\n')), { ...options, skipBadLines: true })
    expect([trace.requests, tally.skippedLines]).toEqual([2, 1])
  })

  test('that ends in the middle of a row tells the line', async () => {
    await expect(load(csv([...rows, '2023-11-16 18:1']), options)).rejects.toThrow(/line 5: it has 1 fields/)
  })

  test('quoted fields are read', async () => {
    const trace = await load(csv(['"2023-11-16 18:15:46","5","1"']), options)
    expect([...trace.inputTokens]).toEqual([5])
  })
})

describe('ShareGPT', () => {
  const arrivals = { perSecond: 1, seed: 1, turnGapS: 5 }
  const talk = (words: string) => ({
    id: words,
    conversations: [
      { from: 'human', value: words },
      { from: 'gpt', value: 'Indeed.' },
    ],
  })
  const talks = ['One of the satellites', 'One of the planes', 'Other things'].map(talk)

  test('is read as an array or line by line, tokenised', async () => {
    const array = await load(JSON.stringify(talks, null, 2), { arrivals })
    const lines = await load(talks.map((each) => JSON.stringify(each)).join('\n'), { arrivals })
    expect(lines).toEqual(array)
    expect(array.requests).toBe(3)
    // What a chat of the API has: begin of text, "<|user|>", the words, "<|assistant|>", each part tokenised by itself.
    expect(array.inputTokens[0]).toBeGreaterThan(10)
    expect(await load(JSON.stringify(talks), { arrivals, blockTokens: 4 })).toMatchObject({ blockTokens: 4 })
  })

  test.each<[string, string | Buffer, RegExp]>([
    ['truncated', JSON.stringify(talks).slice(0, -30), /conversation 3: the file ends in the middle of it/],
    ['broken', JSON.stringify(talks).replace('planes"', 'planes"x'), /conversation 2: it is not valid JSON/],
    ['followed by more', `${JSON.stringify(talks)} {}`, /not valid JSON/],
    [
      'not UTF-8',
      Buffer.concat([Buffer.from('[{"id": "'), Buffer.from([0xff]), Buffer.from('"}]')]),
      /conversation 1: it is not UTF-8/,
    ],
    ['of nothing', '[]', /holds no request/],
    ['of numbers', '[1, 2]', /conversation 1: it is no JSON object: 1/],
  ])('%s is refused', async (_what, content, message) => {
    await expect(load(content, { arrivals })).rejects.toThrow(message)
  })

  test('skips conversations that cannot be used', async () => {
    const { trace, tally } = await loadTrace(traceFile(JSON.stringify([1, ...talks, { id: 'x' }])), {
      arrivals,
      skipBadLines: true,
    })
    expect([trace.requests, tally.skippedLines]).toEqual([3, 2])
  })
})

describe('reading', () => {
  test('reports bytes of the file up to its end, compressed ones of gzip', async () => {
    for (const content of [
      Buffer.from(mooncakeLines(20_000).join('\n')),
      gzipped(mooncakeLines(20_000).join('\n')),
    ]) {
      const reports: ReadProgress[] = []
      await loadTrace(traceFile(content), {}, { onProgress: (progress) => reports.push(progress) })
      expect(reports.at(-1)).toEqual({ bytesRead: content.length, bytesTotal: content.length })
      expect(reports.map(({ bytesRead }) => bytesRead)).toEqual(
        reports.map(({ bytesRead }) => bytesRead).toSorted((a, b) => a - b),
      )
    }
  })

  test('can be cancelled', async () => {
    const file = traceFile(mooncakeLines(60_000).join('\n'))
    const before = new AbortController()
    before.abort()
    await expect(loadTrace(file, {}, { signal: before.signal })).rejects.toMatchObject({ code: 'cancelled' })
    const midway = new AbortController()
    const { batches } = await openTrace(file, {}, { signal: midway.signal })
    let requests = 0
    const reading = async (): Promise<void> => {
      for await (const batch of batches) {
        requests += batch.requests
        midway.abort()
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'cancelled' })
    expect(requests).toBeLessThan(60_000)
  })

  test('may simply stop', async () => {
    const { batches } = await openTrace(traceFile(mooncakeLines(60_000).join('\n')))
    for await (const batch of batches) {
      expect(batch.requests).toBe(4096)
      break
    }
  })

  test('gives batch after batch what loading gives at once', async () => {
    const file = join(temporaryFolder(), 'trace')
    writeFileSync(file, mooncakeLines(10_000).join('\n'))
    const { batches } = await openTrace(file)
    const seen: unknown[] = []
    for await (const batch of batches)
      seen.push(...[...requestsOf(batch)].map((request) => ({ ...request, blockIds: [...request.blockIds] })))
    const { trace } = await loadTrace(file)
    expect(
      [...requestsOf(trace)].map((request) => ({ ...request, blockIds: [...request.blockIds] })),
    ).toEqual(seen)
  })
})
