import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { Database } from './database'

async function aDatabase(path = join(temporaryFolder(), 'x.duckdb')): Promise<Database> {
  const database = await Database.open(path)
  onTestFinished(() => database.close())
  await database.write((connection) => connection.run('CREATE TABLE IF NOT EXISTS numbers (n INTEGER)'))
  return database
}

const numbers = async (database: Database): Promise<unknown[]> =>
  (await database.read('SELECT n FROM numbers ORDER BY n')).map((row) => row['n'])

it('stores all of a transaction or nothing of it', async () => {
  const database = await aDatabase()
  const failing = database.write(async (connection) => {
    await connection.run('INSERT INTO numbers VALUES (1)')
    throw new Error('in the middle')
  })
  await expect(failing).rejects.toMatchObject({ code: 'internal' })
  await database.write((connection) => connection.run('INSERT INTO numbers VALUES (2)'))
  expect(await numbers(database)).toEqual([2])
})

it('runs transactions one after another', async () => {
  const database = await aDatabase()
  const order: string[] = []
  const write = (name: string): Promise<void> =>
    database.write(async (connection) => {
      order.push(`${name} begins`)
      await connection.run('INSERT INTO numbers VALUES (1)')
      await new Promise(setImmediate)
      order.push(`${name} ends`)
    })
  await Promise.all([write('a'), write('b')])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

it('lets readers finish before it is opened again', async () => {
  const database = await aDatabase()
  await database.write((connection) => connection.run('INSERT INTO numbers SELECT range FROM range(20000)'))
  const events: string[] = []
  const reading = (async () => {
    let rows = 0
    for await (const chunk of database.stream('SELECT n FROM numbers')) {
      rows += chunk.length
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    events.push(`read ${rows}`)
  })()
  await new Promise(setImmediate)
  const reopened = database.reopen().then(() => events.push('reopened'))
  await Promise.all([reading, reopened])
  expect(events).toEqual(['read 20000', 'reopened'])
  expect(await numbers(database)).toHaveLength(20_000)
})

/** SQL that inserts a request of attempt 7. */
const aRequest = (seq: number, wrongBytes: string, more = ''): string =>
  `INSERT INTO requests VALUES (7, ${seq}, 1, 1, 0, 1000, 10, 1, 0, 0, 0, 0, [], NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, 0, 0, 'ok', NULL, FALSE, 0, ${wrongBytes}, '[]'${more})`

it('brings a file of an earlier version up to date, and keeps what is in it', async () => {
  const path = join(temporaryFolder(), 'x.duckdb')
  const older = await Database.open(path)
  await older.write(async (connection) => {
    await connection.run('DROP TABLE machines')
    await connection.run('DELETE FROM migrations WHERE version > 1')
    await connection.run('INSERT INTO samples VALUES (7, 1000, 1, 2, 3)')
    await connection.run('ALTER TABLE requests DROP restore_ms')
    await connection.run(aRequest(1, '4'))
    await connection.run('ALTER TABLE requests ALTER wrong_bytes_served SET NOT NULL')
  })
  await older.close()
  const newer = await Database.open(path)
  expect(await newer.read('SELECT * FROM machines')).toEqual([])
  expect(await newer.read('SELECT attempt_id FROM samples')).toEqual([{ attempt_id: 7 }])
  expect(await newer.read('SELECT version FROM migrations ORDER BY version')).toEqual([
    { version: 1 },
    { version: 2 },
    { version: 3 },
  ])
  await newer.write((connection) => connection.run(aRequest(2, 'NULL', ', 3.5')))
  expect(await newer.read('SELECT seq, wrong_bytes_served, restore_ms FROM requests ORDER BY seq')).toEqual([
    { seq: 1, wrong_bytes_served: 4, restore_ms: null },
    { seq: 2, wrong_bytes_served: null, restore_ms: 3.5 },
  ])
  await newer.close()
})

it('refuses a file of a newer version, and leaves it as it is', async () => {
  const path = join(temporaryFolder(), 'x.duckdb')
  const older = await Database.open(path)
  const [row] = await older.read('SELECT max(version) AS version FROM migrations')
  await older.write((connection) =>
    connection.run(`INSERT INTO migrations VALUES (${Number(row?.['version']) + 1}, 'later', 0)`),
  )
  await older.close()
  await expect(Database.open(path)).rejects.toMatchObject({ code: 'version_skew' })
})
