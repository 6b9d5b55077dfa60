/** How a block's bytes are cut into chunks, and which server holds which. Chunk c lives on server c mod n. */

export function chunkCount(byteLength: number, chunkBytes: number): number {
  return Math.ceil(byteLength / chunkBytes)
}

export interface ByteRange {
  readonly start: number
  /** One past the last byte. */
  readonly end: number
}

/** The bytes of one chunk inside its block; the last chunk may be shorter than the others. */
export function chunkRange(chunk: number, byteLength: number, chunkBytes: number): ByteRange {
  return { start: chunk * chunkBytes, end: Math.min((chunk + 1) * chunkBytes, byteLength) }
}

export function serverOfChunk(chunk: number, servers: number): number {
  return chunk % servers
}

/** The chunks of a block that one server holds, ascending. */
export function chunksOfServer(server: number, servers: number, chunks: number): number[] {
  const own: number[] = []
  for (let chunk = server; chunk < chunks; chunk += servers) own.push(chunk)
  return own
}

/** Bytes of a block on the server that holds most of it. */
export function largestShare(byteLength: number, chunkBytes: number, servers: number): number {
  const shares = new Array<number>(servers).fill(0)
  for (let chunk = 0; chunk < chunkCount(byteLength, chunkBytes); chunk++) {
    const { start, end } = chunkRange(chunk, byteLength, chunkBytes)
    const server = serverOfChunk(chunk, servers)
    shares[server] = (shares[server] as number) + end - start
  }
  return Math.max(...shares)
}

/** How many chunks of a block one server holds. */
export function chunkCountOfServer(server: number, servers: number, chunks: number): number {
  return server >= chunks ? 0 : Math.floor((chunks - 1 - server) / servers) + 1
}
