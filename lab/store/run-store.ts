import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { z } from 'zod'
import {
  plannedTrial,
  runState,
  trialState,
  trialSummary,
  type PlannedTrial,
  type RunState,
  type TrialState,
  type TrialSummary,
} from '#shared/contract/console-api'
import { clockOffset, delayStats, hardware, modelFacts } from '#shared/contract/agent-control'
import { finishedRecord, type FinishedRecord } from '#shared/experiment/records'
import type { Database, Row } from './database'

/** What was running when a run was made: goes into its manifest. */
export const programInfo = z.object({
  version: z.string(),
  gitRevision: z.string(),
  nodeVersion: z.string(),
  platform: z.string(),
})
export type ProgramInfo = z.infer<typeof programInfo>

/** A host as it was during an attempt, with how well it honoured the link delays. */
export const attemptHost = z.object({
  hostId: z.string(),
  role: z.enum(['satellite', 'inference']),
  planes: z.array(z.int()),
  version: z.string(),
  nodeVersion: z.string(),
  hardware: hardware.nullable(),
  /** Null where the host was lost before it could be asked. */
  delay: delayStats.nullable(),
  /** Its clock against the console's; null where both are the same, and in runs of versions that did not measure it. */
  clock: clockOffset.nullable().default(null),
  /** The real model that it ran; null on satellite hosts and with the synthetic engine. */
  model: modelFacts.nullable().default(null),
})
export type AttemptHost = z.infer<typeof attemptHost>

export interface StoredRun {
  readonly runId: string
  readonly name: string
  readonly lab: string
  readonly createdAt: number
  readonly yaml: string
  readonly program: ProgramInfo
  readonly state: RunState
}

/** One execution of a trial; the newest one counts. */
export interface Attempt {
  readonly attemptId: number
  readonly runId: string
  readonly trialId: string
  readonly attempt: number
  readonly trialKey: string
  readonly startedAt: number | null
  readonly state: TrialState
  readonly requestsTotal: number
  readonly requestsDone: number
  readonly lastSeq: number
  readonly finished: FinishedRecord | null
  readonly summary: TrialSummary | null
  readonly hosts: readonly AttemptHost[]
}

export interface StoredTrial extends PlannedTrial {
  readonly attempt: Attempt
}

/** Totals over the newest attempts of a run. */
export interface RunTotals {
  readonly trialsTotal: number
  readonly trialsDone: number
  readonly requestsDone: number
  readonly requestsTotal: number
}

export type AttemptChange = Partial<
  Pick<Attempt, 'startedAt' | 'state' | 'requestsTotal' | 'summary' | 'hosts'>
>

const attemptSelection = `attempt_id, run_id, trial_id, attempt, trial_key, started_at, state, requests_total,
  requests_done, last_seq, finished, summary, hosts`

/** The newest attempt of every trial. */
export const newestAttempts = `(SELECT * FROM attempts QUALIFY row_number() OVER (PARTITION BY run_id, trial_id ORDER BY attempt DESC) = 1)`

/** Requests that a trial will make: every turn of every session. */
export function plannedRequests(trial: PlannedTrial): number {
  return trial.parameters.sessions * trial.parameters.turns
}

/** Runs, their trials and attempts. */
export class RunStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async create(run: StoredRun, trials: readonly PlannedTrial[]): Promise<void> {
    await this.#database.write(async (connection) => {
      await connection.run('INSERT INTO runs VALUES ($1, $2, $3, $4, $5, $6, $7)', [
        run.runId,
        run.name,
        run.lab,
        run.createdAt,
        run.yaml,
        JSON.stringify(run.program),
        JSON.stringify(run.state),
      ])
      const insert = await connection.prepare('INSERT INTO trials VALUES ($1, $2, $3, $4, $5, $6, $7)')
      for (const [position, trial] of trials.entries()) {
        insert.bind([
          run.runId,
          trial.trialId,
          position,
          trial.repeat,
          BigInt(trial.seed),
          JSON.stringify(trial.factors),
          JSON.stringify(trial.parameters),
        ])
        await insert.run()
        await insertAttempt(connection, run.runId, trial, 1)
      }
      insert.destroySync()
    })
  }

  /** Add the next attempt of a trial, waiting. The earlier ones keep their records. */
  async addAttempt(runId: string, trial: PlannedTrial): Promise<Attempt> {
    const number = await this.#database.write(async (connection) => {
      const newest = await connection.runAndReadAll(
        'SELECT coalesce(max(attempt), 0) AS newest FROM attempts WHERE run_id = $1 AND trial_id = $2',
        [runId, trial.trialId],
      )
      const next = Number(newest.getRowObjectsJS()[0]?.['newest']) + 1
      await insertAttempt(connection, runId, trial, next)
      return next
    })
    const [row] = await this.#database.read(
      `SELECT ${attemptSelection} FROM attempts WHERE run_id = $1 AND trial_id = $2 AND attempt = $3`,
      [runId, trial.trialId, number],
    )
    return toAttempt(row as Row)
  }

  async setRunState(runId: string, state: RunState): Promise<void> {
    await this.#database.write((connection) =>
      connection.run('UPDATE runs SET state = $2 WHERE run_id = $1', [runId, JSON.stringify(state)]),
    )
  }

  async changeAttempt(attemptId: number, change: AttemptChange): Promise<void> {
    const columns: [string, DuckDBValue][] = []
    if (change.startedAt !== undefined) columns.push(['started_at', change.startedAt])
    if (change.state !== undefined) columns.push(['state', JSON.stringify(change.state)])
    if (change.requestsTotal !== undefined) columns.push(['requests_total', change.requestsTotal])
    if (change.summary !== undefined) columns.push(['summary', JSON.stringify(change.summary)])
    if (change.hosts !== undefined) columns.push(['hosts', JSON.stringify(change.hosts)])
    const assignments = columns.map(([name], index) => `${name} = $${index + 2}`).join(', ')
    await this.#database.write((connection) =>
      connection.run(`UPDATE attempts SET ${assignments} WHERE attempt_id = $1`, [
        attemptId,
        ...columns.map(([, value]) => value),
      ]),
    )
  }

  /** Give several attempts the same state. */
  async setAttemptStates(attemptIds: readonly number[], state: TrialState): Promise<void> {
    if (attemptIds.length === 0) return
    const list = attemptIds.map(Number).join(', ')
    await this.#database.write((connection) =>
      connection.run(`UPDATE attempts SET state = $1 WHERE attempt_id IN (${list})`, [JSON.stringify(state)]),
    )
  }

  /** Attempts that run in the database, but in no program any more: for the start of the only program that has it open. */
  async interruptAttempts(): Promise<void> {
    await this.#database.write((connection) =>
      // The parentheses are needed: DuckDB's ->> binds more loosely than = and AND.
      connection.run("UPDATE attempts SET state = $1 WHERE (state->>'kind') = 'running'", [
        JSON.stringify({ kind: 'interrupted' } satisfies TrialState),
      ]),
    )
  }

  /** An attempt as it is stored now; null when its run was deleted. */
  async attempt(attemptId: number): Promise<Attempt | null> {
    const [row] = await this.#database.read(
      `SELECT ${attemptSelection} FROM attempts WHERE attempt_id = $1`,
      [attemptId],
    )
    return row ? toAttempt(row) : null
  }

  async runs(): Promise<StoredRun[]> {
    const rows = await this.#database.read('SELECT * FROM runs ORDER BY created_at DESC, run_id DESC')
    return rows.map(toRun)
  }

  /** Totals of every run, by run id. */
  async totals(): Promise<Map<string, RunTotals>> {
    const rows = await this.#database.read(
      `SELECT run_id, count(*) AS "trialsTotal",
        count(*) FILTER ((state->>'kind') IN ('completed', 'failed')) AS "trialsDone",
        sum(requests_done)::BIGINT AS "requestsDone", sum(requests_total)::BIGINT AS "requestsTotal"
       FROM ${newestAttempts} GROUP BY run_id`,
    )
    return new Map(rows.map((row) => [String(row['run_id']), row as unknown as RunTotals]))
  }

  /** The trials of a run with their newest attempts, in the order of the experiment. */
  async trials(runId: string): Promise<StoredTrial[]> {
    const rows = await this.#database.read(
      `SELECT trial_id AS "trialId", "repeat", seed, factors, parameters FROM trials WHERE run_id = $1 ORDER BY position`,
      [runId],
    )
    const attempts = new Map(
      (
        await this.#database.read(`SELECT ${attemptSelection} FROM ${newestAttempts} WHERE run_id = $1`, [
          runId,
        ])
      ).map((row) => [String(row['trial_id']), toAttempt(row)]),
    )
    return rows.map((row) => ({
      ...plannedTrial.parse({
        ...row,
        factors: JSON.parse(String(row['factors'])) as unknown,
        parameters: JSON.parse(String(row['parameters'])) as unknown,
      }),
      attempt: attempts.get(String(row['trialId'])) as Attempt,
    }))
  }

  /** Remove a run with everything that was recorded of it. */
  async delete(runId: string): Promise<void> {
    await this.#database.write(async (connection) => {
      for (const table of ['requests', 'events', 'satellites', 'samples', 'machines']) {
        await connection.run(
          `DELETE FROM ${table} WHERE attempt_id IN (SELECT attempt_id FROM attempts WHERE run_id = $1)`,
          [runId],
        )
      }
      for (const table of ['attempts', 'trials', 'runs']) {
        await connection.run(`DELETE FROM ${table} WHERE run_id = $1`, [runId])
      }
    })
  }
}

async function insertAttempt(
  connection: DuckDBConnection,
  runId: string,
  trial: PlannedTrial,
  attempt: number,
): Promise<void> {
  await connection.run(
    `INSERT INTO attempts (attempt_id, run_id, trial_id, attempt, trial_key, state, requests_total, requests_done, last_seq)
     VALUES (nextval('attempt_ids'), $1, $2, $3, $4, $5, $6, 0, 0)`,
    [
      runId,
      trial.trialId,
      attempt,
      `${runId}.${trial.trialId}.${attempt}`.replace(/[^\w.-]/g, '_'),
      JSON.stringify({ kind: 'waiting' } satisfies TrialState),
      plannedRequests(trial),
    ],
  )
}

function json<T>(schema: z.ZodType<T>, value: unknown): T | null {
  return typeof value === 'string' ? schema.parse(JSON.parse(value)) : null
}

function toRun(row: Row): StoredRun {
  return {
    runId: String(row['run_id']),
    name: String(row['name']),
    lab: String(row['lab']),
    createdAt: Number(row['created_at']),
    yaml: String(row['yaml']),
    program: programInfo.parse(JSON.parse(String(row['program']))),
    state: runState.parse(JSON.parse(String(row['state']))),
  }
}

function toAttempt(row: Row): Attempt {
  return {
    attemptId: Number(row['attempt_id']),
    runId: String(row['run_id']),
    trialId: String(row['trial_id']),
    attempt: Number(row['attempt']),
    trialKey: String(row['trial_key']),
    startedAt: row['started_at'] === null ? null : Number(row['started_at']),
    state: trialState.parse(JSON.parse(String(row['state']))),
    requestsTotal: Number(row['requests_total']),
    requestsDone: Number(row['requests_done']),
    lastSeq: Number(row['last_seq']),
    finished: json(finishedRecord, row['finished']),
    summary: json(trialSummary, row['summary']),
    hosts: json(z.array(attemptHost), row['hosts']) ?? [],
  }
}
