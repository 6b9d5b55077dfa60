import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import {
  requestColumns,
  satelliteColumns,
  timelineColumns,
  trialColumns,
  type RequestRow,
  type SatelliteRow,
  type TimelineRow,
  type TrialRow,
} from '#shared/experiment/csv-columns'
import { machineColumns } from '#shared/experiment/machine-columns'
import { parseExperiment } from '#shared/experiment/parse'
import { makeDirectory } from '../make-directory'
import { timelineOf } from '../runs/timeline'
import { storageError } from '../store/storage-errors'
import type { StoredTrial } from '../store/run-store'
import type { Store } from '../store/store'
import { writeCsv, type WrittenFile } from './csv-file'
import { manifest, type ManifestInput } from './manifest'

export interface ExportOptions {
  readonly store: Store
  readonly run: ManifestInput['run']
  readonly state: ManifestInput['state']
  /** The run's files go into a folder of its name below this one. */
  readonly directory: string
  readonly version: string
  readonly gitRevision: string
  /** Unix ms. */
  readonly now: number
}

/**
 * Write the CSV files and the manifest of a run. They are written to a folder beside the final one, which then takes its
 * place: nobody ever sees half an export, and a failed one leaves the earlier files as they were.
 * @throws SkyError `storage_full`, `storage_unwritable`, `export_failed`, each naming the folder
 */
export async function exportRun(options: ExportOptions): Promise<{ directory: string; files: string[] }> {
  const { run, directory } = options
  const final = join(directory, run.runId)
  const temporary = join(directory, `.${run.runId}-${randomBytes(4).toString('hex')}`)
  try {
    await makeDirectory(temporary)
    const files = await writeFiles(options, temporary)
    await replaceFolder(temporary, final, files)
    return { directory: final, files }
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    const error = storageError(thrown, final, 'export_failed')
    throw error.hint === '' ? new SkyError(error.code, error.message, exportHint, error.details) : error
  }
}

const exportHint = 'The records are kept: choose another folder and export again.'

async function writeFiles(options: ExportOptions, folder: string): Promise<string[]> {
  const { store, run, state, version, gitRevision, now } = options
  const { runId } = run
  const trials = await store.runs.trials(runId)
  const files: Record<string, WrittenFile> = {
    'trials.csv': await writeCsv(join(folder, 'trials.csv'), trialColumns, [
      trials.map((trial) => trialRow(run, trial)),
    ]),
    'requests.csv': await writeCsv(join(folder, 'requests.csv'), requestColumns, requestRows(store, runId)),
    'satellites.csv': await writeCsv(
      join(folder, 'satellites.csv'),
      satelliteColumns,
      satelliteRows(store, runId, trials),
    ),
    'timeline.csv': await writeCsv(
      join(folder, 'timeline.csv'),
      [...timelineColumns, ...machineColumns(await store.machines.ofRun(runId))],
      timelineRows(store, runId, trials),
    ),
  }
  const parsed = parseExperiment(run.yaml, run.lab)
  const experiment = parsed.ok ? parsed.experiment : null
  const exportedBy = { version, gitRevision }
  const content = manifest({ run, state, trials, files, experiment, exportedAt: now, exportedBy })
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(content, null, 2)}\n`)
  return [...Object.keys(files), 'manifest.json']
}

function trialRow({ runId, lab }: ExportOptions['run'], { attempt, ...trial }: StoredTrial): TrialRow {
  const { summary, state, startedAt, hosts } = attempt
  const model = hosts.find((host) => host.model !== null)?.model ?? null
  const attempts = startedAt === null ? 0 : attempt.attempt
  return { runId, lab, trial, summary, model, status: state.kind, attempt: attempts }
}

async function* requestRows(store: Store, runId: string): AsyncGenerator<RequestRow[]> {
  for await (const rows of store.records.allRequests(runId)) {
    yield rows.map(({ trialId, seq: _seq, ...request }) => ({ runId, trialId, request }))
  }
}

async function* satelliteRows(
  store: Store,
  runId: string,
  trials: readonly StoredTrial[],
): AsyncGenerator<SatelliteRow[]> {
  for (const { trialId, attempt } of trials) {
    const rows = await store.records.satellites(attempt.attemptId)
    yield rows.map(({ host, ...counters }) => ({ runId, trialId, host, counters }))
  }
}

async function* timelineRows(
  store: Store,
  runId: string,
  trials: readonly StoredTrial[],
): AsyncGenerator<TimelineRow[]> {
  for (const { trialId, attempt } of trials) {
    const { points } = await timelineOf(store, trialId, attempt)
    yield points.map((point) => ({ runId, point }))
  }
}

/**
 * Put the finished folder in the place of an earlier one, which is gone only when the new one stands. Where somebody keeps
 * files of their own beside ours, only ours are replaced, the manifest with its checksums last.
 */
async function replaceFolder(finished: string, final: string, files: readonly string[]): Promise<void> {
  const present = await readdir(final).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null
    throw thrown
  })
  if (present?.some((name) => !files.includes(name))) {
    for (const name of files) await rename(join(finished, name), join(final, name))
    await rm(finished, { recursive: true, force: true })
    return
  }
  const old = `${finished}-old`
  if (present) await rename(final, old)
  try {
    await rename(finished, final)
  } catch (thrown) {
    if (present) await rename(old, final)
    throw thrown
  }
  await rm(old, { recursive: true, force: true })
}
