/** Enough to see a format by: the first line of every trace, and many of most. */
const headBytes = 64 * 1024

export interface Peeked {
  /** The beginning of the source as text; a character may be cut off at its end. */
  readonly head: string
  /** The whole source, its beginning included. */
  readonly bytes: AsyncIterable<Buffer>
}

/** Looks at the beginning of a source without losing it. */
export async function peek(source: AsyncIterable<Buffer>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]()
  const begun: Buffer[] = []
  let length = 0
  while (length < headBytes) {
    const next = await iterator.next()
    if (next.done === true) break
    begun.push(next.value)
    length += next.value.length
  }
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      yield* begun.splice(0)
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head: Buffer.concat(begun).toString('utf8', 0, headBytes), bytes: bytes() }
}
