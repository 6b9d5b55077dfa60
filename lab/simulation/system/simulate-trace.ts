import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { PlannedTrial } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { isoTime, satelliteColumns, timelineColumns, trialColumns } from '#shared/experiment/csv-columns'
import { planTrials } from '#shared/experiment/grid'
import type { Experiment } from '#shared/experiment/schema'
import { traceParameters, undeclaredPrefixModel } from '#shared/experiment/trace-parameters'
import { replayTrace, type ReplayFigures } from '#shared/simulation/replay/replay'
import { prefixModelText } from '#shared/simulation/traces/prefix-model'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import type { TraceOptions, TraceSettings } from '#shared/simulation/traces/trace-options'
import { writeCsv, type WrittenFile } from '../../export/csv-file'
import { makeDirectory } from '../../make-directory'
import { runId as newRunId } from '../../runs/run-id'
import { storageError } from '../../store/storage-errors'
import { loadTrace, type ReadTally } from '../../traces/read-trace'
import type { ReadProgress } from '../../traces/trace-bytes'
import type { SimulationTasks } from '../workers/tasks'
import { WorkerPool } from '../workers/worker-pool'
import type { SimulatedTrial } from './simulate-trial-task'
import { declaredOptions } from './trace-of'

export interface TraceJob {
  readonly path: string
  readonly options: TraceOptions
  readonly experiment: Experiment
  readonly experimentYaml: string
  /** The run's folder is made below this one. */
  readonly directory: string
  readonly workerEntry: string
  /** Trials that are simulated at a time; as many as the machine runs unless told otherwise. */
  readonly threads?: number | undefined
  readonly version: string
  readonly gitRevision: string
}

export type TraceProgress =
  | ({ readonly kind: 'reading' } & ReadProgress)
  /** Requests of all trials together. */
  | { readonly kind: 'simulating'; readonly done: number; readonly total: number }

export interface TraceControl {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: TraceProgress) => void) | undefined
}

export interface TraceOutcome {
  readonly runId: string
  readonly settings: TraceSettings
  readonly tally: ReadTally
  /** What a cache without end would hit on this trace, each request after the one before. */
  readonly ceiling: ReplayFigures
  /** When the trace's last request arrives, s after its first. */
  readonly lastArrivalS: number
  readonly trials: readonly { readonly planned: PlannedTrial; readonly simulated: SimulatedTrial }[]
  readonly directory: string
  readonly files: readonly string[]
}

/** One thread's heap at most, MB: 1,000,000 requests need about 1 GB. */
const heapLimitMb = 4096

/**
 * Simulate every trial of an experiment on a trace, and write the same files as a run on a lab. Results do not depend on the
 * number of threads.
 * @throws SkyError as `loadTrace`; `invalid_experiment` where blocks do not fit the trace; `cancelled`; `storage_*`
 */
export async function simulateTrace(job: TraceJob, control: TraceControl = {}): Promise<TraceOutcome> {
  const read = {
    signal: control.signal,
    onProgress: (progress: ReadProgress): void => control.onProgress?.({ kind: 'reading', ...progress }),
  }
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes)
  requireOneTrace(job.experiment, job.path)
  const options = { ...declaredOptions(job.experiment.parameters), ...definedIn(job.options) }
  const { trace, settings, tally } = await loadTrace(job.path, options, read, shared)
  const planned = tracedTrials(job.experiment, job.path, trace, settings)
  const createdAt = Date.now()
  const runId = newRunId(job.experiment.name, new Date(createdAt), Math.random)
  const final = join(job.directory, runId)
  const temporary = join(job.directory, `.${runId}-${randomBytes(4).toString('hex')}`)
  try {
    await makeDirectory(temporary)
    const simulated = await simulateAll(job, control, { runId, trace, planned, createdAt, folder: temporary })
    const ceiling = replayTrace(trace, 'lru', Infinity)
    const trials = planned.map((trial, i) => ({
      planned: trial,
      simulated: simulated[i] as SimulatedTrial,
    }))
    const files = await writeFiles(temporary, runId, trials)
    const manifest = manifestOf(job, { runId, createdAt, settings, tally, ceiling, trials, files })
    await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    await rename(temporary, final)
    return {
      runId,
      settings,
      tally,
      ceiling,
      lastArrivalS: (trace.timestampsMs.at(-1) ?? 0) / 1000,
      trials,
      directory: final,
      files: [...Object.keys(files), 'manifest.json'],
    }
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    if (thrown instanceof SkyError) throw thrown
    throw storageError(thrown, final, 'export_failed')
  }
}

/** @throws SkyError `invalid_experiment` where the trace or what is declared of it varies: one trace is read for all trials */
function requireOneTrace({ factors }: Experiment, path: string): void {
  const varied = Object.keys(traceParameters).find((name) => Object.hasOwn(factors, name))
  if (varied !== undefined) {
    throw new SkyError(
      'invalid_experiment',
      `${varied} is a factor, but all trials are simulated on the one trace ${path}`,
      'Take it out of the factors, or run the experiment file with skymemory run --simulated.',
    )
  }
}

/** What was given, without what was not. */
const definedIn = (options: TraceOptions): TraceOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

/**
 * The trials of an experiment, with what follows from the trace: the size of its blocks, what was declared of it, and light
 * time unless it is off.
 */
export function tracedTrials(
  experiment: Experiment,
  path: string,
  trace: TraceBatch,
  { prefixModel, arrivals }: Pick<TraceSettings, 'prefixModel' | 'arrivals'>,
): PlannedTrial[] {
  const { parameters, factors } = experiment
  return planTrials({
    ...experiment,
    lab: 'simulated',
    parameters: {
      ...(factors.block_tokens ? {} : { block_tokens: trace.blockTokens }),
      ...(factors.link_delay ? {} : { link_delay: 'simulated' as const }),
      ...parameters,
      trace: resolve(path),
      trace_prefix_model: prefixModel ? prefixModelText(prefixModel) : undeclaredPrefixModel,
      trace_arrival_rate: arrivals?.perSecond ?? 0,
    },
  })
}

interface Batch {
  readonly runId: string
  readonly trace: TraceBatch
  readonly planned: readonly PlannedTrial[]
  readonly createdAt: number
  readonly folder: string
}

async function simulateAll(
  { workerEntry, threads = availableParallelism() }: TraceJob,
  { signal, onProgress }: TraceControl,
  { runId, trace, planned, createdAt, folder }: Batch,
): Promise<SimulatedTrial[]> {
  const pool = new WorkerPool<SimulationTasks>({
    workerEntry,
    threads: Math.min(planned.length, threads),
    heapLimitMb,
  })
  const done = planned.map(() => 0)
  const total = trace.requests * planned.length
  try {
    return await Promise.all(
      planned.map(async (trial, index) => {
        const requestsPath = join(folder, partName(index))
        const input = { runId, trial, trace, startedAtMs: createdAt, requestsPath }
        const onRequests = (requests: number): void => {
          done[index] = requests
          onProgress?.({ kind: 'simulating', done: done.reduce((sum, each) => sum + each, 0), total })
        }
        const simulated = await pool.run('simulateTrial', input, { signal, onProgress: onRequests })
        onRequests(trace.requests)
        return simulated
      }),
    )
  } finally {
    await pool.close()
  }
}

const partName = (index: number): string => `requests-${index}.part`

async function writeFiles(
  folder: string,
  runId: string,
  trials: TraceOutcome['trials'],
): Promise<Record<string, WrittenFile>> {
  const host = 'simulator'
  return {
    'trials.csv': await writeCsv(join(folder, 'trials.csv'), trialColumns, [
      trials.map(({ planned: trial, simulated: { summary } }) => ({
        runId,
        lab: 'simulated',
        trial,
        model: null,
        summary,
        status: 'completed',
        attempt: 1,
      })),
    ]),
    'requests.csv': await joinRequests(folder, trials),
    'satellites.csv': await writeCsv(
      join(folder, 'satellites.csv'),
      satelliteColumns,
      trials.map(({ planned: { trialId }, simulated }) =>
        simulated.satellites.map((counters) => ({ runId, trialId, host, counters })),
      ),
    ),
    'timeline.csv': await writeCsv(
      join(folder, 'timeline.csv'),
      timelineColumns,
      trials.map(({ simulated }) => simulated.timeline.map((point) => ({ runId, point }))),
    ),
  }
}

/** The rows of all trials in the order of the trials, under one header. */
async function joinRequests(folder: string, trials: TraceOutcome['trials']): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let bytes = 0
  async function* content(): AsyncGenerator<Buffer> {
    for (const index of trials.keys()) {
      let header = index > 0
      for await (const chunk of createReadStream(join(folder, partName(index)))) {
        let rest = chunk as Buffer
        if (header) {
          const end = rest.indexOf('\n')
          rest = end === -1 ? Buffer.alloc(0) : rest.subarray(end + 1)
          header = end === -1
        }
        hash.update(rest)
        bytes += rest.length
        yield rest
      }
      await rm(join(folder, partName(index)))
    }
  }
  await pipeline(content, createWriteStream(join(folder, 'requests.csv')))
  const rows = trials.reduce((sum, { simulated }) => sum + simulated.requestRows, 0)
  return { rows, bytes, sha256: hash.digest('hex') }
}

type Told = Pick<TraceOutcome, 'runId' | 'settings' | 'tally' | 'ceiling' | 'trials'> & {
  readonly createdAt: number
  readonly files: Record<string, WrittenFile>
}

function manifestOf(job: TraceJob, told: Told): object {
  const { prefixModel, arrivals, format, blockTokens } = told.settings
  return {
    format: 1,
    run_id: told.runId,
    name: job.experiment.name,
    state: 'finished',
    lab: 'simulated',
    created_at: isoTime(told.createdAt),
    program: {
      name: 'SkyMemory Console',
      version: job.version,
      git_revision: job.gitRevision,
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
    },
    experiment: job.experiment,
    experiment_yaml: job.experimentYaml,
    trace: {
      file: resolve(job.path),
      format,
      block_tokens: blockTokens,
      prefix_model: prefixModel ?? null,
      arrivals: arrivals
        ? { per_second: arrivals.perSecond, seed: arrivals.seed, turn_gap_s: arrivals.turnGapS }
        : null,
      requests: told.ceiling.requests,
      blocks: told.ceiling.blocks,
      unique_blocks: told.ceiling.uniqueBlocks,
      skipped_lines: told.tally.skippedLines,
    },
    ceiling: {
      block_hit_rate: told.ceiling.blockHitRate,
      token_hit_rate: told.ceiling.tokenHitRate,
    },
    trials: told.trials.map(({ planned, simulated }) => ({
      trial_id: planned.trialId,
      repeat: planned.repeat,
      seed: planned.seed,
      factors: planned.factors,
      state: 'completed',
      link_delay: { mode: planned.parameters.link_delay },
      ceiling_share: shareOf(simulated.summary.block_hit_rate, told.ceiling.blockHitRate),
      events: simulated.events,
    })),
    files: Object.fromEntries(
      Object.entries(told.files).map(([name, { rows, bytes, sha256 }]) => [name, { rows, bytes, sha256 }]),
    ),
  }
}

/** What part of the ceiling was reached; null where there is none to reach. */
export function shareOf(reached: number | null, ceiling: number | null): number | null {
  return reached === null || ceiling === null || ceiling === 0 ? null : reached / ceiling
}
