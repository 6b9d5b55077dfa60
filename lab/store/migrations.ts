/**
 * The tables, as steps that never change once released: a database says which steps it has had.
 *
 * Times are Unix milliseconds. Records belong to an attempt (one execution of a trial); the pair of attempt and
 * sequence number is the key of a record, so that storing one twice is impossible.
 * JSON columns hold values that the program reads and writes as a whole.
 */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

const runs = `CREATE TABLE runs (
  run_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, lab VARCHAR NOT NULL, created_at DOUBLE NOT NULL,
  yaml VARCHAR NOT NULL, program JSON NOT NULL, state JSON NOT NULL)`

const trials = `CREATE TABLE trials (
  run_id VARCHAR NOT NULL, trial_id VARCHAR NOT NULL, position INTEGER NOT NULL, "repeat" INTEGER NOT NULL,
  seed BIGINT NOT NULL, factors JSON NOT NULL, parameters JSON NOT NULL, PRIMARY KEY (run_id, trial_id))`

const attempts = `CREATE TABLE attempts (
  attempt_id INTEGER PRIMARY KEY, run_id VARCHAR NOT NULL, trial_id VARCHAR NOT NULL, attempt INTEGER NOT NULL,
  trial_key VARCHAR NOT NULL, started_at DOUBLE, state JSON NOT NULL, requests_total INTEGER NOT NULL,
  requests_done INTEGER NOT NULL, last_seq INTEGER NOT NULL, finished JSON, summary JSON, hosts JSON)`

const requests = `CREATE TABLE requests (
  attempt_id INTEGER NOT NULL, seq INTEGER NOT NULL, request_id INTEGER NOT NULL, session_id INTEGER NOT NULL,
  turn INTEGER NOT NULL, started_at DOUBLE NOT NULL, prompt_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  blocks INTEGER NOT NULL, blocks_hit INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
  chunks_fetched INTEGER NOT NULL, hops_histogram INTEGER[] NOT NULL, lookup_ms DOUBLE, get_ms DOUBLE,
  set_ms DOUBLE, prefill_ms DOUBLE, ttft_ms DOUBLE, tpot_ms DOUBLE, e2e_ms DOUBLE, propagation_ms DOUBLE,
  bytes_read BIGINT NOT NULL, bytes_written BIGINT NOT NULL, status VARCHAR NOT NULL, error_code VARCHAR,
  harmful BOOLEAN NOT NULL, half_blocks_served INTEGER NOT NULL, wrong_bytes_served INTEGER NOT NULL,
  routes JSON NOT NULL, PRIMARY KEY (attempt_id, seq))`

/** Events of the inference host have a sequence number; those that the lab engine saw itself have none. */
const events = `CREATE TABLE events (
  attempt_id INTEGER NOT NULL, seq INTEGER, "at" DOUBLE NOT NULL, name VARCHAR NOT NULL, message VARCHAR NOT NULL,
  epoch INTEGER NOT NULL, UNIQUE (attempt_id, seq))`

const satellites = `CREATE TABLE satellites (
  attempt_id INTEGER NOT NULL, slot INTEGER NOT NULL, plane INTEGER NOT NULL, host VARCHAR NOT NULL,
  chunks INTEGER NOT NULL, bytes BIGINT NOT NULL, gets BIGINT NOT NULL, sets BIGINT NOT NULL,
  misses BIGINT NOT NULL, evictions BIGINT NOT NULL, forwarded BIGINT NOT NULL, migrated_in BIGINT NOT NULL,
  migrated_out BIGINT NOT NULL, migrated_bytes BIGINT NOT NULL, purged_blocks BIGINT NOT NULL,
  dropped BIGINT NOT NULL, PRIMARY KEY (attempt_id, slot, plane))`

const samples = `CREATE TABLE samples (
  attempt_id INTEGER NOT NULL, "at" DOUBLE NOT NULL, stored_bytes BIGINT NOT NULL, evicted_chunks BIGINT NOT NULL,
  migrated_chunks BIGINT NOT NULL)`

/** Readings of machines; power by rail. `at` is the time of the trial's records. */
const machines = `CREATE TABLE machines (
  attempt_id INTEGER NOT NULL, machine VARCHAR NOT NULL, "at" DOUBLE NOT NULL, cpu_load DOUBLE,
  memory_used_bytes DOUBLE, temperature_c DOUBLE, received_bytes_per_s DOUBLE, sent_bytes_per_s DOUBLE,
  gpu_load DOUBLE, power_w JSON NOT NULL, PRIMARY KEY (attempt_id, machine, "at"))`

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'runs, trials, attempts and their records',
    statements: [
      runs,
      trials,
      'CREATE SEQUENCE attempt_ids',
      attempts,
      requests,
      events,
      satellites,
      samples,
    ],
  },
  { version: 2, name: 'telemetry of machines', statements: [machines] },
  {
    version: 3,
    name: 'records of real models',
    statements: [
      // Not every engine can tell.
      'ALTER TABLE requests ALTER wrong_bytes_served DROP NOT NULL',
      'ALTER TABLE requests ADD COLUMN restore_ms DOUBLE',
    ],
  },
]
