import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { paperTableFile, paperTables, paperTableText } from '#shared/simulation/sweep/paper-sweep'
import { makeDirectory } from '../make-directory'
import { storageError } from '../store/storage-errors'

/**
 * Write the twelve tables of the paper's sweep.
 * @returns names of the files, in the folder
 * @throws SkyError `storage_full`, `storage_unwritable`, `export_failed`, naming the folder
 */
export async function writePaperTables(directory: string): Promise<string[]> {
  const tables = paperTables()
  try {
    await makeDirectory(directory)
    for (const table of tables) await writeFile(join(directory, paperTableFile(table)), paperTableText(table))
  } catch (thrown) {
    throw storageError(thrown, directory, 'export_failed')
  }
  return tables.map(paperTableFile)
}
