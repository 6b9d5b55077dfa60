import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import type { LabEngineOptions } from '#lab/engine-options'
import { findLlamaPackage } from '#lab/models/llama-package'

/** Version and revision of this program; from sources, without a bundle, they are not known. */
export const version = typeof __SKYMEMORY_VERSION__ === 'string' ? __SKYMEMORY_VERSION__ : '0.0.0'
export const gitRevision = typeof __SKYMEMORY_REVISION__ === 'string' ? __SKYMEMORY_REVISION__ : 'unknown'

/** Where this program, its agents, threads and documents lie: beside each other in out/ and in the packaged app. */
export interface Installation {
  /** The file that runs this program. */
  readonly cliEntry: string
  readonly agentEntry: string
  /** Where a checkout has the package that runs real models. */
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

export function engineOptions(installation: Installation, data: string): LabEngineOptions {
  return {
    dataDirectory: data,
    resultsDirectory: resultsDirectory(undefined),
    agentEntry: installation.agentEntry,
    llamaPackage: findLlamaPackage([
      process.env['SKYMEMORY_LLAMA'],
      installation.checkoutLlama,
      join(data, 'llama'),
    ]),
    workerEntry: installation.workerEntry,
    figuresDirectory: installation.figuresDirectory,
    documentsDirectory: installation.documentsDirectory,
    nodeExecutable: process.execPath,
    version,
    gitRevision,
  }
}
