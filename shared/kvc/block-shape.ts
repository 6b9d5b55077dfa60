import { SkyError } from '../contract/errors'
import type { ParameterValues } from '../experiment/parameters'

/** Chunk bytes asked for, or sent, in one packet. */
export const packetBytes = 1024 * 1024

/** How many bytes every block of a trial has, and how it is cut. */
export interface BlockShape {
  readonly byteLength: number
  readonly chunkBytes: number
}

/** @throws SkyError invalid_argument: a block that its manifest cannot describe */
export function blockShape({ block_tokens, kvc_bytes_per_token, chunk_bytes }: ParameterValues): BlockShape {
  const byteLength = block_tokens * kvc_bytes_per_token
  if (byteLength > 0xffff_ffff) {
    const message = `a block of ${block_tokens} tokens would have ${byteLength} B, more than 4 GiB`
    throw new SkyError('invalid_argument', message, 'Lower block_tokens or kvc_bytes_per_token.')
  }
  return { byteLength, chunkBytes: chunk_bytes }
}
