import type { TraceBatch } from './trace-batch'

/** Makes the memory of a column; `SharedArrayBuffer` lets all workers read one copy. */
export type Allocate = (bytes: number) => ArrayBuffer | SharedArrayBuffer

const privately: Allocate = (bytes) => new ArrayBuffer(bytes)

/** Consecutive batches of one trace as one batch; at least one. */
export function joinBatches(batches: readonly TraceBatch[], allocate: Allocate = privately): TraceBatch {
  const last = batches.at(-1)
  if (last === undefined) throw new RangeError('there are no batches to join')
  const requests = batches.reduce((sum, batch) => sum + batch.requests, 0)
  const blocks = batches.reduce((sum, batch) => sum + batch.blockIds.length, 0)
  const integers = (length: number): Int32Array => new Int32Array(allocate(length * 4), 0, length)
  const floats = (length: number): Float64Array => new Float64Array(allocate(length * 8), 0, length)
  const joined = {
    requests,
    blockTokens: last.blockTokens,
    timestampsMs: floats(requests),
    inputTokens: integers(requests),
    outputTokens: integers(requests),
    blockStarts: integers(requests + 1),
    blockIds: integers(blocks),
    sessions: integers(requests),
    delaysMs: floats(requests),
    uniqueBlocks: last.uniqueBlocks,
  }
  let [request, block] = [0, 0]
  for (const batch of batches) {
    joined.timestampsMs.set(batch.timestampsMs, request)
    joined.inputTokens.set(batch.inputTokens, request)
    joined.outputTokens.set(batch.outputTokens, request)
    joined.sessions.set(batch.sessions, request)
    joined.delaysMs.set(batch.delaysMs, request)
    joined.blockIds.set(batch.blockIds, block)
    for (let index = 1; index <= batch.requests; index++) {
      joined.blockStarts[request + index] = block + (batch.blockStarts[index] as number)
    }
    request += batch.requests
    block += batch.blockIds.length
  }
  return joined
}

/** A whole trace in the order of its times, which then count from the first request; requests of the same time keep their order. */
export function sortedByTime(trace: TraceBatch): TraceBatch {
  const order = new Uint32Array(trace.requests).map((_, index) => index)
  const at = trace.timestampsMs
  order.sort((a, b) => (at[a] as number) - (at[b] as number) || a - b)
  const originMs = at[order[0] ?? 0] ?? 0
  const blockStarts = new Int32Array(trace.requests + 1)
  const blockIds = new Int32Array(trace.blockIds.length)
  let end = 0
  order.forEach((request, place) => {
    const blocks = trace.blockIds.subarray(trace.blockStarts[request], trace.blockStarts[request + 1])
    blockIds.set(blocks, end)
    end += blocks.length
    blockStarts[place + 1] = end
  })
  const integers = (column: Int32Array): Int32Array =>
    Int32Array.from(order, (request) => column[request] as number)
  const floats = (column: Float64Array): Float64Array =>
    Float64Array.from(order, (request) => column[request] as number)
  return {
    ...trace,
    timestampsMs: floats(trace.timestampsMs).map((time) => time - originMs),
    inputTokens: integers(trace.inputTokens),
    outputTokens: integers(trace.outputTokens),
    sessions: integers(trace.sessions),
    delaysMs: floats(trace.delaysMs),
    blockStarts,
    blockIds,
  }
}
