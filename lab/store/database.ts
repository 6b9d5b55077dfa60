import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { SkyError } from '#shared/contract/errors'
import { migrations } from './migrations'
import { storageError } from './storage-errors'

export type Row = Record<string, unknown>

/**
 * Files that this process holds open. File locks on POSIX belong to a process, so DuckDB would not notice a second
 * open of the same file here, and both would write.
 */
const openFiles = new Set<string>()

const options = {
  // Two threads are enough for a lab's records and leave the cores to the agents.
  threads: '2',
  memory_limit: '512MB',
  // The database never reaches for the network or for other files.
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  enable_external_access: 'false',
}

/**
 * One DuckDB file: transactions one after another on one connection, every read on a connection of its own, so that a
 * long export does not hold up the records.
 *
 * Failures: SkyError `storage_full`, `storage_unwritable`, `storage_locked`, `storage_corrupt`. After one, `reopen`
 * starts afresh from the file; what was committed is there.
 */
export class Database {
  readonly path: string
  #instance: DuckDBInstance | null = null
  #writer: DuckDBConnection | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #readers = 0
  #idle: (() => void)[] = []

  private constructor(path: string) {
    this.path = path
  }

  static async open(path: string): Promise<Database> {
    if (openFiles.has(path)) {
      throw new SkyError('storage_locked', `The file is in use by this program: ${path}`, 'Close it first.', {
        path,
        pid: process.pid,
      })
    }
    openFiles.add(path)
    const database = new Database(path)
    try {
      await database.#open()
      await database.#migrate()
      return database
    } catch (thrown) {
      database.#close()
      openFiles.delete(path)
      throw storageError(thrown, path)
    }
  }

  /** Run `work` in a transaction: all of it is stored when the promise resolves, or nothing of it. */
  async write<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => this.#transaction(work))
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #transaction<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const writer = this.#writer
    if (!writer) throw new SkyError('storage_unwritable', `The database is closed: ${this.path}`)
    let open = false
    try {
      await writer.run('BEGIN TRANSACTION')
      open = true
      const value = await work(writer)
      await writer.run('COMMIT')
      return value
    } catch (thrown) {
      // A failed COMMIT has already rolled back; then this second one says so and can be ignored.
      if (open) await writer.run('ROLLBACK').catch(() => undefined)
      throw storageError(thrown, this.path)
    }
  }

  /** All rows of a query, 64-bit integers as numbers. */
  async read(sql: string, values: readonly DuckDBValue[] = []): Promise<Row[]> {
    const rows: Row[] = []
    for await (const chunk of this.stream(sql, values)) rows.push(...chunk)
    return rows
  }

  /** The rows of a query in chunks of about 2,000, so that a table of any size can pass. */
  async *stream(sql: string, values: readonly DuckDBValue[] = []): AsyncGenerator<Row[]> {
    const instance = this.#instance
    if (!instance) throw new SkyError('storage_unwritable', `The database is closed: ${this.path}`)
    this.#readers += 1
    let connection: DuckDBConnection | null = null
    try {
      connection = await instance.connect()
      const result = await connection.stream(sql, [...values])
      for await (const rows of result.yieldRowObjectJs()) yield rows.map(plain)
    } catch (thrown) {
      throw storageError(thrown, this.path)
    } finally {
      connection?.closeSync()
      this.#readers -= 1
      if (this.#readers === 0) for (const wake of this.#idle.splice(0)) wake()
    }
  }

  /** Close and open again: the way back after a full disk, when DuckDB may have declared the database invalid. */
  async reopen(): Promise<void> {
    const reopened = this.#queue.then(async () => {
      await this.#readersDone()
      this.#close()
      await this.#open()
    })
    this.#queue = reopened.catch(() => undefined)
    try {
      await reopened
    } catch (thrown) {
      throw storageError(thrown, this.path)
    }
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#readersDone()
    this.#close()
    openFiles.delete(this.path)
  }

  async #readersDone(): Promise<void> {
    while (this.#readers > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #open(): Promise<void> {
    // The native module takes a quarter of a second to load: only what stores something waits for it.
    const { DuckDBInstance } = await import('@duckdb/node-api')
    this.#instance = await DuckDBInstance.create(this.path, options)
    this.#writer = await this.#instance.connect()
  }

  #close(): void {
    this.#writer?.closeSync()
    this.#instance?.closeSync()
    this.#writer = null
    this.#instance = null
  }

  async #migrate(): Promise<void> {
    await this.write(async (connection) => {
      await connection.run(
        'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at DOUBLE NOT NULL)',
      )
      const result = await connection.runAndReadAll(
        'SELECT coalesce(max(version), 0) AS version FROM migrations',
      )
      const current = Number(result.getRowObjectsJS()[0]?.['version'])
      const newest = migrations.at(-1)?.version ?? 0
      if (current > newest) {
        throw new SkyError(
          'version_skew',
          `${this.path} was written by a newer version of SkyMemory Console (schema ${current}, this one knows ${newest})`,
          'Update SkyMemory Console, or use another data directory.',
        )
      }
      for (const step of migrations.filter((each) => each.version > current)) {
        for (const statement of step.statements) await connection.run(statement)
        await connection.run('INSERT INTO migrations VALUES ($1, $2, $3)', [
          step.version,
          step.name,
          Date.now(),
        ])
      }
    })
  }
}

function plain(row: Row): Row {
  for (const key of Object.keys(row)) {
    const value = row[key]
    if (typeof value === 'bigint') row[key] = Number(value)
  }
  return row
}
