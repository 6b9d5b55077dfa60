import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { makeDirectory } from '#lab/make-directory'
import { storageError } from '#lab/store/storage-errors'

/**
 * Make sure, before hours of work, that results can be written there.
 * @throws SkyError `storage_unwritable`, `storage_full`, `export_failed`, naming the folder
 */
export async function requireWritable(directory: string): Promise<void> {
  const probe = join(directory, `.skymemory-${randomBytes(4).toString('hex')}`)
  try {
    await makeDirectory(directory)
    await writeFile(probe, 'results will be written here\n')
    await rm(probe)
  } catch (thrown) {
    await rm(probe, { force: true }).catch(() => undefined)
    const { code, details } = storageError(thrown, directory, 'export_failed')
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    const message = `Results cannot be written to ${directory}: ${reason}`
    throw new SkyError(code, message, 'Choose another folder with --out, or make this one writable.', details)
  }
}
