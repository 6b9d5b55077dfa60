import { app } from 'electron'
import envPaths from 'env-paths'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LabEngineOptions } from '#lab/engine-options'

/** out/, whether in the checkout or in the packaged app's archive: this file is bundled into out/electron/. */
const output = join(import.meta.dirname, '..')

export const rendererDirectory = join(output, 'renderer')
export const preloadFile = join(output, 'electron', 'preload.cjs')
export const engineFile = join(output, 'electron', 'engine.js')

/** The window's icon where the program file cannot carry one (Linux). */
export const iconFile = join(output, '..', 'resources', 'icon.png')

/** Where the lab engine finds what it runs, and where it puts what it measures. */
export function labEngineOptions(): LabEngineOptions {
  const shipped = app.isPackaged ? process.resourcesPath : output
  const named = process.env['SKYMEMORY_LLAMA']
  return {
    dataDirectory: dataDirectory(),
    resultsDirectory: process.env['SKYMEMORY_RESULTS'] ?? join(app.getPath('documents'), 'SkyMemory Console'),
    agentEntry: join(shipped, 'agent', 'skymemory-agent.mjs'),
    llama: {
      elsewhere: [
        ...(named ? [named] : []),
        ...(app.isPackaged ? [] : [join(output, '..', 'agent', 'llama')]),
      ],
      manifest: join(shipped, 'llama'),
    },
    nodeExecutable: nodeExecutable(),
    // Threads start from files outside of the archive.
    workerEntry: join(shipped, 'workers', 'skymemory-worker.mjs'),
    figuresDirectory: join(shipped, 'figures'),
    documentsDirectory: join(shipped, 'documents'),
    version: __SKYMEMORY_VERSION__,
    gitRevision: __SKYMEMORY_REVISION__,
  }
}

/** Secrets to be remembered, encrypted with a key of the system's keychain. */
export function secretsFile(): string {
  return join(dataDirectory(), 'secrets.json')
}

/** Runs made by the command line and by the app lie in the same place, unless this app has a profile of its own. */
function dataDirectory(): string {
  const named = process.env['SKYMEMORY_DATA']
  if (named !== undefined) return named
  return app.commandLine.hasSwitch('user-data-dir')
    ? join(app.getPath('userData'), 'lab')
    : envPaths('skymemory-console', { suffix: '' }).data
}

/**
 * The Node.js that runs the agents of the local lab. Electron's own never does: its RunAsNode fuse is off.
 * Packaged, a Node is shipped; from a checkout it is the one that started the app, or the first on the path.
 */
function nodeExecutable(): string {
  const shipped = join(process.resourcesPath, 'node', process.platform === 'win32' ? 'node.exe' : 'node')
  if (app.isPackaged && existsSync(shipped)) return shipped
  return process.env['SKYMEMORY_NODE'] ?? 'node'
}
