import { chmod, cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build as buildParts } from './build.mjs'
import { withLock } from './lock.mjs'
import { inRoot, root } from './paths.mjs'
import { capture } from './run.mjs'
import { say, SetupError } from './say.mjs'
import { onceFor, stampOf } from './stamp.mjs'

/** @typedef {import('./electron.mjs').ElectronBuild} ElectronBuild */
/** @typedef {{ directory: string, executable: string }} PackagedApp */

/** What of out/ the packaged app holds.
 * @type {import('./build.mjs').Part[]} */
const shippedParts = ['agent', 'workers', 'llama', 'figures', 'documents', 'electron']

/** @returns {PackagedApp} */
function packagedApp() {
  const output = inRoot('dist')
  switch (process.platform) {
    case 'darwin': {
      const directory = join(output, process.arch === 'arm64' ? 'mac-arm64' : 'mac', 'SkyMemory Console.app')
      return { directory, executable: join(directory, 'Contents', 'MacOS', 'SkyMemory Console') }
    }
    case 'win32': {
      const directory = join(output, 'win-unpacked')
      return { directory, executable: join(directory, 'skymemory-console.exe') }
    }
    default: {
      const directory = join(output, process.arch === 'arm64' ? 'linux-arm64-unpacked' : 'linux-unpacked')
      return { directory, executable: join(directory, 'skymemory-console') }
    }
  }
}

/**
 * Make the unpacked app in dist/ for this system, unless it is there and fresh.
 * @param {ElectronBuild} electron
 * @returns {Promise<PackagedApp>}
 */
export async function packageApp(electron) {
  await buildParts(shippedParts)
  const app = packagedApp()
  const stamps = shippedParts.map((part) => `out/.stamps/${part}`)
  const stamp = await stampOf(
    ['electron-builder.yml', 'resources', 'package-lock.json', 'scripts/lib/package.mjs', ...stamps],
    [electron.version, electron.kind, process.version],
  )
  await withLock(inRoot('out', '.lock-package'), async () => {
    await onceFor('package', stamp, app.executable, () => runElectronBuilder(electron))
  })
  return app
}

/** @param {ElectronBuild} electron */
async function runElectronBuilder(electron) {
  say(`Packaging the app (Electron ${electron.version}, Node ${process.versions.node} for the agents) …`)
  await copyNodeForAgents()
  const { build } = await import('electron-builder')
  await rm(inRoot('dist'), { recursive: true, force: true })
  await build({
    projectDir: root,
    publish: 'never',
    config: { electronDist: electron.directory, electronVersion: electron.version },
  })
}

/**
 * Lay the Node that runs this script ready for the agents of the packaged app.
 * It is asked for its version first: one that needs libraries from beside it would not run from elsewhere.
 */
async function copyNodeForAgents() {
  const folder = inRoot('out', 'node')
  const copy = join(folder, process.platform === 'win32' ? 'node.exe' : 'node')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(process.execPath, copy, { dereference: true })
  await chmod(copy, 0o755)
  const asked = await capture(copy, ['--version'])
  if (asked.code === 0) return
  throw new SetupError(
    `${process.execPath} does not run when it is copied (${asked.output.trim()}).\n` +
      'Package the app with a Node.js from nodejs.org, which needs no libraries beside it.',
  )
}
