import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ConsoleApi, LiveBatch, RunSummary } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import { createLabEngine, type LabEngine } from '../engine'
import type { LabEngineOptions } from '../engine-options'
import type { StartLab } from '../hosts/lab-hosts'
import { localClient } from '../local-client'
import { temporaryFolder } from './folders'

/** Three trials of six requests. */
export const threeTrials = `name: Three strategies
seed: 3
parameters: { sessions: 3, turns: 2, slots: 5, planes: 3, centre_slot: 2, centre_plane: 1 }
factors: { strategy: [rotation, hop, hop_rotation] }
`

export interface EngineUnderTest {
  readonly engine: LabEngine
  readonly client: Client<ConsoleApi>
  readonly options: LabEngineOptions
  /** Every change of a run so far. */
  readonly changes: RunSummary[]
  readonly batches: LiveBatch[]
  /** Resolves with the run as soon as this is true of it. */
  readonly until: (runId: string, is: (run: RunSummary) => boolean) => Promise<RunSummary>
}

export async function anEngine(
  startLab: StartLab | undefined,
  given: Partial<LabEngineOptions> = {},
): Promise<EngineUnderTest> {
  const folder = given.dataDirectory ?? temporaryFolder()
  const documentsDirectory = given.documentsDirectory ?? join(folder, 'documents')
  if (given.documentsDirectory === undefined) {
    mkdirSync(documentsDirectory, { recursive: true })
    writeFileSync(join(documentsDirectory, 'speech.txt'), 'Fellow citizens.')
  }
  const options: LabEngineOptions = {
    dataDirectory: folder,
    resultsDirectory: join(folder, 'results'),
    agentEntry: 'none',
    llama: { elsewhere: [], manifest: 'none' },
    workerEntry: 'none',
    figuresDirectory: 'none',
    nodeExecutable: process.execPath,
    documentsDirectory,
    version: '1.2.3',
    gitRevision: 'abcdef',
    ...given,
  }
  const engine = await createLabEngine(options, startLab ? { startLab } : {})
  onTestFinished(() => engine.dispose())
  const client = localClient(engine)
  const changes: RunSummary[] = []
  const batches: LiveBatch[] = []
  client.on('runChanged', (run) => changes.push(run))
  client.on('live', (batch) => batches.push(batch))
  const until: EngineUnderTest['until'] = (runId, is) =>
    new Promise((resolve, reject) => {
      const look = (run: RunSummary): void => {
        if (run.runId !== runId || !is(run)) return
        stop()
        resolve(run)
      }
      const stop = client.on('runChanged', look)
      client.call('run', { runId }).then(look, reject)
    })
  return { engine, client, options, changes, batches, until }
}

export const isFinished = (run: RunSummary): boolean => run.state.kind === 'finished'
export const isPaused = (run: RunSummary): boolean => run.state.kind === 'paused'
export const isAtRest = (run: RunSummary): boolean =>
  ['finished', 'cancelled', 'interrupted'].includes(run.state.kind)
