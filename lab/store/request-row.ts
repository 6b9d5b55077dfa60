import type { DuckDBAppender, DuckDBListType } from '@duckdb/node-api'
import type { StoredRequest } from '#shared/contract/console-api'
import { requestRecord, route, type RequestRecord } from '#shared/experiment/records'
import { z } from 'zod'
import type { Row } from './database'

/** How a field is appended. */
type Kind = 'integer' | 'bigint' | 'double' | 'text' | 'boolean' | 'integers'

/** The table's columns before the routes, in their order. */
const fields = [
  ['requestId', 'integer'],
  ['sessionId', 'integer'],
  ['turn', 'integer'],
  ['startedAt', 'double'],
  ['promptTokens', 'integer'],
  ['outputTokens', 'integer'],
  ['blocks', 'integer'],
  ['blocksHit', 'integer'],
  ['cachedTokens', 'integer'],
  ['chunksFetched', 'integer'],
  ['hopsHistogram', 'integers'],
  ['lookupMs', 'double'],
  ['getMs', 'double'],
  ['setMs', 'double'],
  ['prefillMs', 'double'],
  ['ttftMs', 'double'],
  ['tpotMs', 'double'],
  ['e2eMs', 'double'],
  ['propagationMs', 'double'],
  ['bytesRead', 'bigint'],
  ['bytesWritten', 'bigint'],
  ['status', 'text'],
  ['errorCode', 'text'],
  ['harmful', 'boolean'],
  ['halfBlocksServed', 'integer'],
  ['wrongBytesServed', 'integer'],
] as const satisfies readonly (readonly [keyof RequestRecord, Kind])[]

/** Columns that later versions added, behind the routes. */
const addedFields = [['restoreMs', 'double']] as const satisfies readonly (readonly [
  keyof RequestRecord,
  Kind,
])[]

const allFields = [...fields, ...addedFields]

export const requestFields: readonly (keyof RequestRecord)[] = allFields.map(([key]) => key)

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `column AS "field"` for every field but the routes, which are large and read alone. */
export const requestSelection = allFields.map(([key]) => `r.${snakeCase(key)} AS "${key}"`).join(', ')

/** Columns before the fields: attempt and sequence number. */
const firstField = 2

function appendField(appender: DuckDBAppender, kind: Kind, value: unknown, column: number): void {
  if (value === null) appender.appendNull()
  else appendNonNull(appender, kind, value as never, column)
}

function appendNonNull(appender: DuckDBAppender, kind: Kind, value: never, column: number): void {
  switch (kind) {
    case 'integer':
      return appender.appendInteger(value)
    case 'bigint':
      return appender.appendBigInt(BigInt(value))
    case 'double':
      return appender.appendDouble(value)
    case 'text':
      return appender.appendVarchar(value)
    case 'boolean':
      return appender.appendBoolean(value)
    case 'integers':
      // The type must be told: an empty list has none of its own.
      return appender.appendList(value, appender.columnType(column) as DuckDBListType)
  }
}

export function appendRequest(
  appender: DuckDBAppender,
  attemptId: number,
  seq: number,
  record: RequestRecord,
): void {
  appender.appendInteger(attemptId)
  appender.appendInteger(seq)
  for (const [index, [key, kind]] of fields.entries()) {
    appendField(appender, kind, record[key], firstField + index)
  }
  appender.appendVarchar(JSON.stringify(record.routes))
  for (const [index, [key, kind]] of addedFields.entries()) {
    appendField(appender, kind, record[key], firstField + fields.length + 1 + index)
  }
  appender.endRow()
}

/** A row of `SELECT t.trial_id AS "trialId", r.seq, <requestSelection>`. */
export function toStoredRequest(row: Row): StoredRequest {
  return row as unknown as StoredRequest
}

const routes = z.array(route)

/** A row of the same selection with `r.routes` beside it. */
export function toRequestRecord(row: Row): RequestRecord {
  return requestRecord.parse({
    kind: 'request',
    ...row,
    routes: routes.parse(JSON.parse(String(row['routes']))),
  })
}
