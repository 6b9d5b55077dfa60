import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDirectory } from './make-directory'
import { storageError } from './store/storage-errors'

/**
 * Write a whole file so that it holds either its old content or the new one, whatever happens meanwhile. Its folder is made where it
 * is missing.
 * @param mode such as 0o600
 * @throws SkyError `storage_full`, `storage_unwritable`; the old file is as it was
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await makeDirectory(dirname(path))
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(content)
      // Without it, a power cut after the rename could leave an empty file.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw storageError(thrown, path, 'storage_unwritable')
  }
}
