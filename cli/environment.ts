import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import type { LabEngineOptions } from '#lab/engine-options'
import type { LlamaPlaces } from '#lab/models/llama/llama-installation'

/** Version and revision of this program; from sources, without a bundle, they are not known. */
export const version = typeof __SKYMEMORY_VERSION__ === 'string' ? __SKYMEMORY_VERSION__ : '0.0.0'
export const gitRevision = typeof __SKYMEMORY_REVISION__ === 'string' ? __SKYMEMORY_REVISION__ : 'unknown'

/** Where this program, its agents, threads and documents lie: beside each other in out/ and in the packaged app. */
export interface Installation {
  /** The file that runs this program. */
  readonly cliEntry: string
  readonly agentEntry: string
  /** What the package that runs real models consists of, and where a checkout has it installed. */
  readonly llamaManifest: string
  readonly checkoutLlama: string
  /** The file of the simulator's worker threads. */
  readonly workerEntry: string
  /** What draws figures as PNG. */
  readonly figuresDirectory: string
  readonly documentsDirectory: string
}

export function installationAt(cliEntry: string): Installation {
  const root = join(cliEntry, '..', '..')
  return {
    cliEntry,
    agentEntry: join(root, 'agent', 'skymemory-agent.mjs'),
    llamaManifest: join(root, 'llama'),
    checkoutLlama: join(root, '..', 'agent', 'llama'),
    workerEntry: join(root, 'workers', 'skymemory-worker.mjs'),
    figuresDirectory: join(root, 'figures'),
    documentsDirectory: join(root, 'documents'),
  }
}

/** The data directory: named on the command line, or in the environment, or the user's own. The app uses the same. */
export function dataDirectory(named: string | undefined, env: NodeJS.ProcessEnv): string {
  const chosen = named ?? env['SKYMEMORY_DATA']
  return chosen ? resolve(chosen) : envPaths('skymemory-console', { suffix: '' }).data
}

/** The folder that holds results: named on the command line, or results/ in the working directory. */
export function resultsDirectory(named: string | undefined): string {
  return resolve(named ?? 'results')
}

export function llamaPlaces(installation: Installation, env: NodeJS.ProcessEnv): LlamaPlaces {
  const named = env['SKYMEMORY_LLAMA']
  return {
    elsewhere: [...(named ? [resolve(named)] : []), installation.checkoutLlama],
    manifest: installation.llamaManifest,
  }
}

export function engineOptions(installation: Installation, data: string): LabEngineOptions {
  return {
    dataDirectory: data,
    resultsDirectory: resultsDirectory(undefined),
    agentEntry: installation.agentEntry,
    llama: llamaPlaces(installation, process.env),
    workerEntry: installation.workerEntry,
    figuresDirectory: installation.figuresDirectory,
    documentsDirectory: installation.documentsDirectory,
    nodeExecutable: process.execPath,
    version,
    gitRevision,
  }
}
