import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../make-directory'

/**
 * The token of a lab, made at its first start and kept: agents that run on know it, and a trial that they run must not be
 * disturbed by another one. Beside mutual TLS it only tells labs apart.
 */
export async function labToken(dataDirectory: string, lab: string): Promise<string> {
  const folder = join(dataDirectory, 'labs', lab)
  const path = join(folder, 'token')
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (kept.length >= 16) return kept
  const token = randomBytes(24).toString('base64url')
  await makeDirectory(folder)
  await writeFile(`${path}.new`, token, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return token
}
