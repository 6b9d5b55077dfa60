import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll } from 'vitest'
import packageJson from '../../package.json'
import { layFigureResources } from './figure-resources'
import { bundleWorker } from './worker-bundle'

const root = join(import.meta.dirname, '..', '..')

/** Agent and command line as they are in the sources now, bundled to a folder of their own that lasts for the test file;
 * the command line with what it needs beside it, as in out/. */
export async function bundleFor(parts: {
  cli: boolean
}): Promise<{ folder: string; agent: string; cli: string }> {
  // Below the checkout, so that the packages that are not bundled are found.
  const folder = mkdtempSync(join(root, 'node_modules', '.skymemory-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const agent = join(folder, 'agent', 'skymemory-agent.mjs')
  const cli = join(folder, 'cli', 'skymemory.mjs')
  const bundle = (entry: string, outfile: string): Promise<unknown> =>
    build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.18',
      external: ['@duckdb/node-api', 'piscina', 'ssh2', 'pacote'],
      define: {
        __SKYMEMORY_VERSION__: JSON.stringify(packageJson.version),
        __SKYMEMORY_REVISION__: '"test"',
      },
      logLevel: 'error',
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    })
  await bundle('agent/main.ts', agent)
  await bundle('agent/model/model-process.ts', join(folder, 'agent', 'skymemory-model.mjs'))
  if (parts.cli) {
    await bundle('cli/main.ts', cli)
    await bundleWorker(
      'lab/simulation/workers/worker-main.ts',
      join(folder, 'workers', 'skymemory-worker.mjs'),
    )
    layFigureResources(join(folder, 'figures'))
    mkdirSync(join(folder, 'llama'))
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(join(root, 'agent', 'llama', name), join(folder, 'llama', name))
    }
    symlinkSync(
      join(root, 'node_modules', '@stdlib', 'datasets-sotu', 'data'),
      join(folder, 'documents'),
      'junction',
    )
  }
  return { folder, agent, cli }
}
