import { existsSync, readFileSync } from 'node:fs'
import { capture } from './run.mjs'
import { inRoot, root } from './paths.mjs'
import { say, SetupError } from './say.mjs'
import { withLock } from './lock.mjs'

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 */

/**
 * True when node_modules holds exactly what the lockfile says. npm writes its own lockfile into node_modules as the
 * last step of an installation, so an installation that was cut short does not count, and one made by hand does.
 * Packages that are optional (those of other platforms) may be missing.
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile} installed node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  const have = installed.packages
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (path === '' || entry.link) continue
    const found = have[path]
    if (found === undefined) {
      if (entry.optional || entry.devOptional) continue
      return false
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false
  }
  return Object.keys(have).every((path) => wanted.packages[path] !== undefined)
}

/** Folders with a package of their own: the program, and what runs real models on inference hosts. */
const packageFolders = [[], ['agent', 'llama']]

/** @param {readonly string[]} folder */
function packagesAreCurrent(folder) {
  const installed = inRoot(...folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  return isInstalled(readLockfile(inRoot(...folder, 'package-lock.json')), readLockfile(installed))
}

/** Install the packages of every package-lock.json, where they are not installed yet. */
export async function setUpPackages() {
  for (const folder of packageFolders) await install(folder)
}

/** @param {readonly string[]} folder */
async function install(folder) {
  if (packagesAreCurrent(folder)) return
  await withLock(inRoot('out', '.lock-packages'), async () => {
    if (packagesAreCurrent(folder)) return
    say(`Installing packages (npm ci)${folder.length === 0 ? '' : ` of ${folder.join('/')}`} …`)
    // No install scripts: none is needed (DuckDB, esbuild and the linters come prebuilt), and Electron's own, which
    // fetches its binary, would fail the whole installation in a lab behind a firewall. electron.mjs sees to that.
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const result = await npm(args, { cwd: inRoot(...folder) })
    if (result.code !== 0) {
      throw new SetupError(
        `npm ci failed (exit code ${result.code}).\n${result.output.trim()}\n` +
          'Check that the package registry of your npm configuration can be reached, then repeat the command.',
      )
    }
  })
}

/**
 * Run npm: the one that runs this script if there is one, else the one on the path.
 * @param {readonly string[]} args
 * @param {{ limitS?: number, cwd?: string }} [options]
 */
export function npm(args, options = {}) {
  const cli = process.env['npm_execpath']
  if (cli?.endsWith('npm-cli.js')) return capture(process.execPath, [cli, ...args], { cwd: root, ...options })
  const windows = process.platform === 'win32'
  return capture(windows ? 'npm.cmd' : 'npm', args, { cwd: root, shell: windows, ...options })
}

/** @param {string} path */
function readLockfile(path) {
  return /** @type {Lockfile} */ (JSON.parse(readFileSync(path, 'utf8')))
}
