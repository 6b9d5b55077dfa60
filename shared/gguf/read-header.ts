import { damaged, MoreBytesNeeded } from './header-cursor'
import { parseHeader, type GgufHeader } from './parse-header'

/** A file, of which the beginning can be read. */
export interface GgufSource {
  /** Names the file in messages. */
  readonly name: string
  readonly bytes: number
  /** The first bytes of the file; fewer only where it has become shorter meanwhile. */
  readFirst(bytes: number): Promise<Uint8Array>
}

/** Bytes that are read first: enough for a vocabulary of 32,000 tokens. */
const firstBytes = 1024 * 1024
/** The largest header that is read, bytes. Vocabularies of 256,000 tokens with merges take about 16 MB. */
export const largestHeaderBytes = 64 * 1024 * 1024

/**
 * Read what a GGUF file says of itself, and nothing of its weights. Memory and time are bounded whatever the file holds: at most
 * `largestHeaderBytes` are read, and twice that is kept at a time.
 * @throws SkyError `invalid_model` when it is no GGUF, damaged, or ends within its header; `not_supported` for another version, big
 *   endian, and types of tensors that are not known; whatever the source throws
 */
export async function readHeader(source: GgufSource): Promise<GgufHeader> {
  const most = Math.min(source.bytes, largestHeaderBytes)
  for (let wanted = Math.min(firstBytes, most); ;) {
    const prefix = await source.readFirst(wanted)
    if (prefix.length < wanted) throw damaged(source.name, 'the file has become shorter while it was read')
    try {
      return parseHeader(source.name, prefix, source.bytes)
    } catch (thrown) {
      if (!(thrown instanceof MoreBytesNeeded)) throw thrown
      if (thrown.bytes > most) {
        throw damaged(source.name, `its header is larger than ${largestHeaderBytes / 1024 / 1024} MiB`)
      }
      wanted = Math.min(most, Math.max(2 * wanted, thrown.bytes))
    }
  }
}
