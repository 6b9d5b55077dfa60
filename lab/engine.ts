import { join } from 'node:path'
import type { ConsoleApi, LogLine } from '#shared/contract/console-api'
import type { EventPayload, Handlers } from '#shared/contract/rpc'
import { DocumentLoader } from './experiments/document-loader'
import type { LabEngineOptions } from './engine-options'
import { experimentHandlers } from './handlers/experiment-handlers'
import { labHandlers } from './handlers/lab-handlers'
import { pendingHandlers } from './handlers/pending-handlers'
import { runHandlers } from './handlers/run-handlers'
import { simulationHandlers } from './handlers/simulation-handlers'
import { LabService } from './hosts/lab-service'
import type { StartLab } from './hosts/lab-hosts'
import { removeJournals } from './local/journals'
import { localLab } from './local/local-lab'
import { simulatedLab } from './simulation/system/simulated-lab'
import { LogBook } from './log-book'
import { ConstellationFeed } from './runs/constellation-feed'
import { RunBook } from './runs/run-book'
import { RunQueue } from './runs/run-queue'
import { ReplayJobs } from './simulation/replay/replay-jobs'
import { openStore } from './store/store'

export type EngineEvent = keyof ConsoleApi['events']
export type EngineListener = <E extends EngineEvent>(event: E, payload: EventPayload<ConsoleApi, E>) => void

/** Everything that the app and the command line can ask of a lab. */
export interface LabEngine {
  readonly api: Handlers<ConsoleApi>
  /** Hear every event; returns the function that ends it. */
  subscribe(listener: EngineListener): () => void
  /** Interrupt what runs (it can be resumed), stop the lab, close the database. */
  dispose(): Promise<void>
}

/**
 * @param startLab how hosts are started; the local lab unless told otherwise
 * @throws SkyError `storage_locked`, `storage_corrupt`, `storage_full`, `storage_unwritable`, `version_skew`
 */
export async function createLabEngine(options: LabEngineOptions, startLab?: StartLab): Promise<LabEngine> {
  const { nodeExecutable, agentEntry } = options
  const journalDirectory = join(options.dataDirectory, 'journals')
  const listeners = new Set<EngineListener>()
  const emit: EngineListener = (event, payload) => {
    for (const listener of listeners) listener(event, payload)
  }
  const logBook = new LogBook((lines) => emit('log', lines))
  const log = (level: LogLine['level'], text: string): void =>
    logBook.add([{ at: Date.now(), source: 'lab', level, text }])

  const store = await openStore(options.dataDirectory)
  const book = await RunBook.load({
    store,
    onChanged: (summary) => emit('runChanged', summary),
    onDeleted: (runId) => emit('runDeleted', { runId }),
    warn: (text) => log('warn', text),
  })
  const lab = new LabService({
    startLab: () => startLab ?? localLab({ nodeExecutable, agentEntry, journalDirectory }),
    onState: (state) => emit('labChanged', state),
    onLog: (lines) => logBook.add(lines),
  })
  // Nobody starts or watches it: it runs while a simulated run does.
  const simulator = new LabService({
    startLab: () => simulatedLab(options.workerEntry),
    onState: () => undefined,
    onLog: (lines) => logBook.add(lines),
  })
  const queue = new RunQueue({
    store,
    book,
    labFor: (name) => (name === 'simulated' ? simulator : lab),
    documents: new DocumentLoader(options.documentsDirectory),
    onLive: (batch) => emit('live', batch),
    onEvent: (runId, event) => emit('runEvent', { runId, ...event }),
    onReadings: (runId, trialId, readings) =>
      emit('machinesRead', { runId, trialId, readings: [...readings] }),
    onDrained: (trialKey) => removeJournals(journalDirectory, `${trialKey}.`),
    log,
  })
  const feed = new ConstellationFeed({
    lab,
    current: () => queue.current,
    isHeard: () => listeners.size > 0,
    emit: (snapshot) => emit('constellationChanged', snapshot),
  })

  const replays = new ReplayJobs({
    workerEntry: options.workerEntry,
    onChanged: (job) => emit('replayChanged', job),
  })

  let disposed: Promise<void> | null = null
  const dispose = async (): Promise<void> => {
    feed.close()
    await replays.close()
    await queue.close()
    await lab.stop()
    await simulator.stop()
    book.close()
    await store.close()
    logBook.close()
    listeners.clear()
  }

  return {
    api: {
      info: () => ({
        version: options.version,
        gitRevision: options.gitRevision,
        nodeVersion: process.versions.node,
        dataDirectory: options.dataDirectory,
        resultsDirectory: options.resultsDirectory,
      }),
      ...labHandlers({ lab, queue }),
      ...experimentHandlers(),
      ...runHandlers({
        options,
        store,
        book,
        queue,
        onDeleted: (runId) => removeJournals(journalDirectory, `${runId}.`),
      }),
      ...pendingHandlers(),
      ...simulationHandlers({ replays, figuresDirectory: options.figuresDirectory }),
      recentLog: () => logBook.recent(),
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispose: () => (disposed ??= dispose()),
  }
}
