import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** The file of the worker threads as it is in the sources now, bundled to a folder that lasts for the test file. */
export async function workerBundle(entry = 'lab/simulation/workers/worker-main.ts'): Promise<string> {
  const folder = mkdtempSync(join(root, 'node_modules', '.skymemory-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const outfile = join(folder, 'skymemory-worker.mjs')
  await bundleWorker(entry, outfile)
  return outfile
}

/** The same to a file of the caller's. */
export async function bundleWorker(entry: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.18',
    logLevel: 'error',
  })
}
