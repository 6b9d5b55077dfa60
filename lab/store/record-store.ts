import { SkyError } from '#shared/contract/errors'
import type {
  EventRecord,
  FinishedRecord,
  JournalEntry,
  RequestRecord,
  SatelliteCounters,
} from '#shared/experiment/records'
import { requestRecord } from '#shared/experiment/records'
import type { StoredRequest } from '#shared/contract/console-api'
import type { CounterSample } from '#shared/experiment/timeline'
import type { Database } from './database'
import { appendRequest, requestSelection, toRequestRecord, toStoredRequest } from './request-row'
import { newestAttempts } from './run-store'

export type SatelliteRow = SatelliteCounters & { readonly host: string }

const ofRun = `FROM requests r JOIN ${newestAttempts} a USING (attempt_id) JOIN trials t USING (run_id, trial_id)
  WHERE a.run_id = $1`
const storedSelection = `a.trial_id AS "trialId", r.seq, ${requestSelection}`

/** What was recorded during attempts. Readers return the newest attempt of each trial. */
export class RecordStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Store the journal entries that come right after the last stored one, and move that mark, in one transaction.
   * Entries that are stored already are passed over.
   * @returns the last stored sequence number
   * @throws SkyError `protocol_error` when an entry is missing in between
   */
  async append(attemptId: number, entries: readonly JournalEntry[]): Promise<number> {
    return this.#database.write(async (connection) => {
      const mark = await connection.runAndReadAll('SELECT last_seq FROM attempts WHERE attempt_id = $1', [
        attemptId,
      ])
      const [row] = mark.getRowObjectsJS()
      if (!row) throw new SkyError('not_found', `There is no attempt ${attemptId} in ${this.#database.path}`)
      const lastSeq = Number(row['last_seq'])
      const fresh = entries.filter((entry) => entry.seq > lastSeq)
      for (const [index, entry] of fresh.entries()) {
        if (entry.seq === lastSeq + 1 + index) continue
        throw new SkyError(
          'protocol_error',
          `The journal jumps from record ${lastSeq + index} to record ${entry.seq}`,
          'The records are asked for again.',
        )
      }
      if (fresh.length === 0) return lastSeq

      const requests = await connection.createAppender('requests')
      const events = await connection.createAppender('events')
      let done = 0
      let finished: FinishedRecord | null = null
      try {
        for (const { seq, record } of fresh) {
          if (record.kind === 'request') {
            appendRequest(requests, attemptId, seq, record)
            done += 1
          } else if (record.kind === 'event') {
            appendEvent(events, attemptId, seq, record)
          } else {
            finished = record
          }
        }
        requests.flushSync()
        events.flushSync()
      } finally {
        requests.closeSync()
        events.closeSync()
      }
      const newest = lastSeq + fresh.length
      await connection.run(
        'UPDATE attempts SET last_seq = $2, requests_done = requests_done + $3 WHERE attempt_id = $1',
        [attemptId, newest, done],
      )
      if (finished) {
        await connection.run('UPDATE attempts SET finished = $2 WHERE attempt_id = $1', [
          attemptId,
          JSON.stringify(finished),
        ])
      }
      return newest
    })
  }

  /** An event that the lab engine itself saw. */
  async addEvent(attemptId: number, event: EventRecord): Promise<void> {
    await this.#database.write((connection) =>
      connection.run('INSERT INTO events VALUES ($1, NULL, $2, $3, $4, $5)', [
        attemptId,
        event.at,
        event.name,
        event.message,
        event.epoch,
      ]),
    )
  }

  async addSample(attemptId: number, sample: CounterSample): Promise<void> {
    await this.#database.write((connection) =>
      connection.run('INSERT INTO samples VALUES ($1, $2, $3, $4, $5)', [
        attemptId,
        sample.at,
        sample.storedBytes,
        sample.evictedChunks,
        sample.migratedChunks,
      ]),
    )
  }

  /** The counters at the end of an attempt; earlier ones of the same attempt are replaced. */
  async putSatellites(attemptId: number, rows: readonly SatelliteRow[]): Promise<void> {
    await this.#database.write(async (connection) => {
      await connection.run('DELETE FROM satellites WHERE attempt_id = $1', [attemptId])
      const appender = await connection.createAppender('satellites')
      try {
        for (const row of rows) {
          appender.appendInteger(attemptId)
          appender.appendInteger(row.slot)
          appender.appendInteger(row.plane)
          appender.appendVarchar(row.host)
          appender.appendInteger(row.chunks)
          for (const key of bigCounters) appender.appendBigInt(BigInt(row[key]))
          appender.endRow()
        }
        appender.flushSync()
      } finally {
        appender.closeSync()
      }
    })
  }

  /** One page of a run's requests, in the order of trials and of the journal. */
  async requests(
    runId: string,
    trialId: string | null,
    offset: number,
    limit: number,
  ): Promise<{ total: number; rows: StoredRequest[] }> {
    const where = `${ofRun} AND ($2::VARCHAR IS NULL OR a.trial_id = $2)`
    const [count] = await this.#database.read(`SELECT count(*) AS total ${where}`, [runId, trialId])
    const rows = await this.#database.read(
      `SELECT ${storedSelection} ${where} ORDER BY t.position, r.seq LIMIT ${limit} OFFSET ${offset}`,
      [runId, trialId],
    )
    return { total: Number(count?.['total']), rows: rows.map(toStoredRequest) }
  }

  /** Every request of a run, in chunks, in the order of trials and of the journal. */
  async *allRequests(runId: string): AsyncGenerator<StoredRequest[]> {
    const sql = `SELECT ${storedSelection} ${ofRun} ORDER BY t.position, r.seq`
    for await (const rows of this.#database.stream(sql, [runId])) yield rows.map(toStoredRequest)
  }

  /** The requests of one attempt without their routes, as the metrics need them. */
  async ofAttempt(attemptId: number): Promise<RequestRecord[]> {
    const rows = await this.#database.read(
      `SELECT ${requestSelection} FROM requests r WHERE attempt_id = $1 ORDER BY seq`,
      [attemptId],
    )
    return rows.map((row) => ({ kind: 'request', ...row, routes: [] }) as unknown as RequestRecord)
  }

  async request(runId: string, trialId: string, requestId: number): Promise<RequestRecord> {
    const [row] = await this.#database.read(
      `SELECT ${requestSelection}, r.routes ${ofRun} AND a.trial_id = $2 AND r.request_id = $3`,
      [runId, trialId, requestId],
    )
    if (!row) throw new SkyError('not_found', `Run ${runId} has no request ${requestId} in trial ${trialId}`)
    return toRequestRecord(row)
  }

  async satellites(attemptId: number): Promise<SatelliteRow[]> {
    const rows = await this.#database.read(
      `SELECT slot, plane, host, chunks, bytes, gets, sets, misses, evictions, forwarded, migrated_in AS "migratedIn",
        migrated_out AS "migratedOut", migrated_bytes AS "migratedBytes", purged_blocks AS "purgedBlocks", dropped
       FROM satellites WHERE attempt_id = $1 ORDER BY plane, slot`,
      [attemptId],
    )
    return rows as unknown as SatelliteRow[]
  }

  async samples(attemptId: number): Promise<CounterSample[]> {
    const rows = await this.#database.read(
      `SELECT "at", stored_bytes AS "storedBytes", evicted_chunks AS "evictedChunks",
        migrated_chunks AS "migratedChunks" FROM samples WHERE attempt_id = $1 ORDER BY "at"`,
      [attemptId],
    )
    return rows as unknown as CounterSample[]
  }

  async events(attemptId: number): Promise<EventRecord[]> {
    const rows = await this.#database.read(
      'SELECT "at", name, message, epoch FROM events WHERE attempt_id = $1 ORDER BY "at", seq',
      [attemptId],
    )
    return rows.map((row) => ({ kind: 'event', ...row }) as unknown as EventRecord)
  }
}

const bigCounters = [
  'bytes',
  'gets',
  'sets',
  'misses',
  'evictions',
  'forwarded',
  'migratedIn',
  'migratedOut',
  'migratedBytes',
  'purgedBlocks',
  'dropped',
] as const satisfies readonly (keyof SatelliteCounters)[]

function appendEvent(
  appender: {
    appendInteger(v: number): void
    appendDouble(v: number): void
    appendVarchar(v: string): void
    endRow(): void
  },
  attemptId: number,
  seq: number,
  record: EventRecord,
): void {
  appender.appendInteger(attemptId)
  appender.appendInteger(seq)
  appender.appendDouble(record.at)
  appender.appendVarchar(record.name)
  appender.appendVarchar(record.message)
  appender.appendInteger(record.epoch)
  appender.endRow()
}

/** The fields of the contract that the tables must hold; a test compares them with the columns. */
export const storedFields = {
  request: Object.keys(requestRecord.shape),
}
