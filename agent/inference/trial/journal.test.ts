import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventRecord, FinishedRecord } from '#shared/experiment/records'
import { Journal } from './journal'

const event = (message: string): EventRecord => ({ kind: 'event', at: 1, name: 'paused', message, epoch: 0 })
const finished: FinishedRecord = { kind: 'finished', at: 2, durationS: 1, outcome: 'completed', error: null }

describe('the journal', () => {
  let directory: string
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'sky-journal-'))))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const path = () => join(directory, 't.ndjson')

  test('numbers entries from 1, and a successor reads them all', () => {
    const journal = Journal.create(directory, 't')
    journal.append(event('a'))
    journal.append(event('b'))
    expect(
      Journal.reopen(directory, 't')
        ?.entriesAfter(0)
        .map((entry) => entry.seq),
    ).toEqual([1, 2])
  })

  test('a line that a crash cut off is dropped, and writing goes on after the last whole one', () => {
    const journal = Journal.create(directory, 't')
    journal.append(event('a'))
    journal.close()
    appendFileSync(path(), '{"seq":2,"record":{"kind":"ev')
    const reopened = Journal.reopen(directory, 't')
    expect(reopened?.lastSeq).toBe(1)
    reopened?.append(event('b'))
    expect(readFileSync(path(), 'utf8').trim().split('\n')).toHaveLength(2)
    expect(Journal.reopen(directory, 't')?.lastSeq).toBe(2)
  })

  test('acknowledged entries are forgotten; the file goes when the end is acknowledged', () => {
    const journal = Journal.create(directory, 't')
    journal.append(event('a'))
    journal.append(finished)
    journal.acknowledge(1)
    expect(journal.entriesAfter(0).map((entry) => entry.seq)).toEqual([2])
    expect(existsSync(path())).toBe(true)
    journal.acknowledge(2)
    expect(existsSync(path())).toBe(false)
  })

  test('what a killed process left goes once it is acknowledged', () => {
    Journal.create(directory, 't').append(event('a'))
    Journal.reopen(directory, 't')?.acknowledge(1)
    expect(existsSync(path())).toBe(false)
  })

  test('an unwritable folder is named', () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    expect(() => Journal.create(join(file, 'below'), 't')).toThrow(
      expect.objectContaining({
        code: 'storage_unwritable',
        message: expect.stringContaining(file) as string,
      }),
    )
  })

  test('a missing journal is null', () => {
    expect(Journal.reopen(directory, 'nothing')).toBeNull()
  })
})
