import { platform, release } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import type { ConsoleApi, RunEvent, TimelinePoint } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { planTrials } from '#shared/experiment/grid'
import { parseExperiment } from '#shared/experiment/parse'
import type { LabEngineOptions } from '../engine-options'
import { documentsFolder, readDocuments } from '../experiments/documents'
import { exportRun } from '../export/export-run'
import type { RunBook } from '../runs/run-book'
import { runId as newRunId } from '../runs/run-id'
import type { RunQueue } from '../runs/run-queue'
import { timelineOf } from '../runs/timeline'
import type { Store } from '../store/store'

type RunMethods =
  | 'startRun'
  | 'pauseRun'
  | 'resumeRun'
  | 'cancelRun'
  | 'repeatTrial'
  | 'runs'
  | 'run'
  | 'requests'
  | 'request'
  | 'timeline'
  | 'exportRun'
  | 'deleteRun'

interface RunHandlerOptions {
  readonly options: LabEngineOptions
  readonly store: Store
  readonly book: RunBook
  readonly queue: RunQueue
  /** @throws SkyError `not_found`, `invalid_argument` when there is no such lab, or it cannot carry so many planes */
  readonly requireLab: (name: string, planes: ReadonlySet<number>) => Promise<void>
  /** Clean up what lies outside of the database. */
  readonly onDeleted: (runId: string) => Promise<void>
}

export function runHandlers({
  options,
  store,
  book,
  queue,
  requireLab,
  onDeleted,
}: RunHandlerOptions): Pick<Handlers<ConsoleApi>, RunMethods> {
  const { version, gitRevision, documentsDirectory } = options
  return {
    startRun: async ({ yaml, lab: chosen }) => {
      const parsed = parseExperiment(yaml, chosen)
      if (!parsed.ok) {
        const [first] = parsed.problems
        const place = first?.line ? `line ${first.line}: ` : ''
        throw new SkyError(
          'invalid_experiment',
          `The experiment cannot be run: ${place}${first?.message ?? 'it is empty'}`,
          first ? `Allowed: ${first.allowed}` : '',
          { problems: parsed.problems },
        )
      }
      const { name, lab } = parsed.experiment
      const trials = planTrials(parsed.experiment)
      // What cannot run is told before anything starts.
      const cached = trials.filter(({ parameters }) => parameters.cache === 'skymemory')
      await requireLab(lab, new Set(cached.map(({ parameters }) => parameters.planes)))
      // A folder that cannot be read is told before anything starts.
      const folders = new Set(
        trials.map((trial) => documentsFolder(trial.parameters.documents, documentsDirectory)),
      )
      for (const folder of folders) await readDocuments(folder, 1)

      const createdAt = Date.now()
      const runId = newRunId(name, new Date(createdAt), Math.random)
      const program = {
        version,
        gitRevision,
        nodeVersion: process.versions.node,
        platform: `${platform()} ${release()} ${process.arch}`,
      }
      await queue.start({ runId, name, lab, createdAt, yaml, program }, trials)
      return { runId }
    },
    pauseRun: async ({ runId }) => {
      await queue.pause(runId)
      return null
    },
    resumeRun: async ({ runId }) => {
      await queue.resume(runId)
      return null
    },
    cancelRun: async ({ runId }) => {
      await queue.cancel(runId)
      return null
    },
    repeatTrial: async ({ runId, trialId }) => {
      await queue.repeat(runId, trialId)
      return null
    },
    runs: () => book.list(),
    run: ({ runId }) => book.detail(runId),
    requests: ({ runId, trialId, offset, limit }) => {
      book.get(runId)
      return store.records.requests(runId, trialId, offset, limit)
    },
    request: ({ runId, trialId, requestId }) => {
      book.get(runId)
      return store.records.request(runId, trialId, requestId)
    },
    timeline: async ({ runId }) => {
      const trials = await book.trials(book.get(runId))
      const points: TimelinePoint[] = []
      const events: RunEvent[] = []
      for (const { planned, attempt } of trials) {
        const { trialId } = planned
        const stored = await store.runs.attempt(attempt.attemptId)
        if (!stored) continue
        const timeline = await timelineOf(store, trialId, stored)
        points.push(...timeline.points)
        events.push(...timeline.events.map(({ at, name, message }) => ({ trialId, at, name, message })))
      }
      return { points, events }
    },
    exportRun: async ({ runId, directory }) => {
      if (!isAbsolute(directory)) {
        const hint = `Did you mean ${resolve(directory)}?`
        throw new SkyError('invalid_argument', `${directory} is not an absolute path`, hint)
      }
      const run = book.get(runId)
      const state = run.state.kind
      return exportRun({ store, run: run.stored, state, directory, version, gitRevision, now: Date.now() })
    },
    deleteRun: async ({ runId }) => {
      const run = book.get(runId)
      queue.requireAtRest(run)
      await book.remove(run)
      await onDeleted(runId)
      return null
    },
  }
}
