import { expect, test } from 'vitest'
import { readTraceBytes } from './read-trace'

/** Bytes of the generated file; a real one of 2 GB was read in the same way (docs/traces.md). */
const fileBytes = 96 * 1024 * 1024

/**
 * A trace is never read further ahead than the batch that was asked for needs, so that memory does not grow with the file: bytes that were taken from the
 * source, less bytes of the requests that came out, stay below a few pieces.
 */
test('a large trace is read in bounded memory', async () => {
  const blocks = Array.from({ length: 24 }, (_, index) => index)
  let produced = 0
  let request = 0
  async function* source(): AsyncGenerator<Buffer> {
    while (produced < fileBytes) {
      const lines: string[] = []
      for (let count = 0; count < 1000; count++) {
        // Every prompt has a common beginning and blocks of its own, numbered by first use as Mooncake does.
        const own = 12 + request * 12
        const ids = blocks.map((index) => (index < 12 ? index : own + index - 12))
        lines.push(
          `{"timestamp": ${request}, "input_length": 12288, "output_length": 9, "hash_ids": [${ids.join(', ')}]}\n`,
        )
        request += 1
      }
      const piece = Buffer.from(lines.join(''))
      produced += piece.length
      yield piece
    }
  }
  const { batches, tally } = await readTraceBytes(source(), 'generated', {})
  let requests = 0
  let farthestAhead = 0
  for await (const batch of batches) {
    requests += batch.requests
    farthestAhead = Math.max(farthestAhead, request - requests)
    expect(batch.blockIds.length).toBeLessThan(70_000)
  }
  expect(requests).toBe(request)
  expect(tally.requests).toBe(request)
  // The beginning that is looked at for the format, and a piece that waits.
  expect(farthestAhead).toBeLessThanOrEqual(2000)
})
