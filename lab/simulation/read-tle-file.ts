import { open } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'

/** All objects ever catalogued fit into it: 16 MiB are 100,000 element sets of 168 bytes. */
const longestFileBytes = 16 * 1024 * 1024

/**
 * The text of a file of element sets.
 * @throws SkyError invalid_argument: no such file, no regular file, too long, compressed, or not UTF-8
 */
export async function readTleFile(path: string): Promise<string> {
  const hint = 'Name a file of two-line element sets, as CelesTrak serves them with FORMAT=tle.'
  let bytes: Buffer
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > longestFileBytes) {
        throw new SkyError('invalid_argument', `${path} has ${size} bytes: too long for element sets`, hint)
      }
      bytes = await file.readFile()
    } finally {
      await file.close()
    }
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_argument', `${path} cannot be read: ${reason}`, hint)
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new SkyError('invalid_argument', `${path} is compressed by gzip`, `Unpack it first: gunzip ${path}`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SkyError('invalid_argument', `${path} is not UTF-8 text`, hint)
  }
}
