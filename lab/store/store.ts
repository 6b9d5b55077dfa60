import { join } from 'node:path'
import { makeDirectory } from '../make-directory'
import { Database } from './database'
import { MachineStore } from './machine-store'
import { RecordStore } from './record-store'
import { RunStore } from './run-store'
import { storageError } from './storage-errors'

/** Everything that a lab keeps: one database file in the data directory. */
export interface Store {
  readonly path: string
  readonly runs: RunStore
  readonly records: RecordStore
  readonly machines: MachineStore
  reopen(): Promise<void>
  close(): Promise<void>
}

/** @throws SkyError `storage_*`, `version_skew` */
export async function openStore(dataDirectory: string): Promise<Store> {
  try {
    await makeDirectory(dataDirectory)
  } catch (thrown) {
    throw storageError(thrown, dataDirectory, 'storage_unwritable')
  }
  const database = await Database.open(join(dataDirectory, 'skymemory.duckdb'))
  return {
    path: database.path,
    runs: new RunStore(database),
    records: new RecordStore(database),
    machines: new MachineStore(database),
    reopen: () => database.reopen(),
    close: () => database.close(),
  }
}
