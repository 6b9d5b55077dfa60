import { describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { storageError } from './storage-errors'

/** Messages as DuckDB 1.5 and Node 20 print them. */
const cases: [string, string][] = [
  [
    'TransactionContext Error: Failed to commit: Could not write file "/d/x.db.wal": No space left on device',
    'storage_full',
  ],
  ["ENOSPC: no space left on device, mkdir '/d'", 'storage_full'],
  ['IO Error: Cannot open file "/d/x.db": Permission denied', 'storage_unwritable'],
  ['IO Error: Cannot open file "/d/x.db": Read-only file system', 'storage_unwritable'],
  ["ENOTDIR: not a directory, mkdir '/d/file/x'", 'storage_unwritable'],
  [
    'IO Error: Could not set lock on file "/d/x.db": Conflicting lock is held in /usr/bin/node (PID 6019). See also https://duckdb.org/docs/stable/connect/concurrency',
    'storage_locked',
  ],
  ['IO Error: The file "/d/x.db" exists, but it is not a valid DuckDB database file!', 'storage_corrupt'],
  [
    'IO Error: Corrupt database file: computed checksum 13 does not match stored checksum 50 in block at location 12288',
    'storage_corrupt',
  ],
]

describe('storageError', () => {
  it.each(cases)('%s → %s', (message, code) => {
    const error = storageError(new Error(message), '/d/x.db')
    expect(error.code).toBe(code)
    expect(error.message).toContain('/d/x.db')
    expect(error.hint).not.toBe('')
  })

  it('names the program that holds the lock', () => {
    const text =
      'IO Error: Could not set lock on file "/d/x.db": Conflicting lock is held in /usr/bin/node (PID 6019). See also'
    const error = storageError(new Error(text), '/d/x.db')
    expect(error.message).toBe('The file is in use by another program (/usr/bin/node, process 6019): /d/x.db')
    expect(error.details).toMatchObject({ program: '/usr/bin/node', pid: 6019 })
  })

  it('passes a SkyError on and keeps unknown errors apart', () => {
    const known = new SkyError('not_found', 'no')
    expect(storageError(known, '/d')).toBe(known)
    expect(storageError(new Error('Binder Error: no such column'), '/d').code).toBe('internal')
  })
})
