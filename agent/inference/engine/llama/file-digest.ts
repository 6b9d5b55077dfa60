import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const known = new Map<string, string>()
const readBytes = 1024 * 1024

/** SHA-256 of a file, 64 hexadecimal digits; remembered until the file changes, as models have gigabytes. */
export async function fileDigest(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path)
  const key = JSON.stringify([path, size, mtimeMs, ino])
  const remembered = known.get(key)
  if (remembered !== undefined) return remembered
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: readBytes }), hash)
  const digest = hash.digest('hex')
  known.set(key, digest)
  return digest
}
