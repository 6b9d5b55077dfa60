import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, root } from './paths.mjs'

/** @typedef {import('./electron.mjs').ElectronBuild} ElectronBuild */

/**
 * How to open the app of this checkout: a program, and the arguments that come before any others.
 * @typedef {{ executable: string, args: string[] }} AppCommand
 */

/**
 * @param {ElectronBuild} electron
 * @returns {Promise<AppCommand>}
 */
export async function appCommand(electron) {
  const sandbox = needsNoSandbox() ? ['--no-sandbox'] : []
  if (electron.kind === 'release') return { executable: electron.executable, args: [root, ...sandbox] }
  const folder = await appFolder(electron)
  return { executable: join(folder, 'electron'), args: sandbox }
}

/**
 * Chromium refuses to run sandboxed for root, and cannot where the system does not let a user make namespaces, as in many
 * containers (the other way, a helper that belongs to root, takes an installation by root).
 */
export function needsNoSandbox() {
  if (process.platform !== 'linux') return false
  if (process.getuid?.() === 0) return true
  const attempt = spawnSync('unshare', ['--user', '--map-root-user', 'true'], { stdio: 'ignore' })
  return attempt.error === undefined && attempt.status !== 0
}

/**
 * An Electron without a default app opens what lies in its resources/app. So that checkouts do not share that place, each
 * gets an Electron folder of its own, of hard links (no copies), with resources/app pointing at the checkout.
 * @param {ElectronBuild} electron
 */
async function appFolder(electron) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 12)
  const folder = join(cacheDirectory(), 'checkouts', name)
  const made = await readFile(join(folder, 'made-for'), 'utf8').catch(() => '')
  const wanted = `${electron.version}\n${root}\n`
  if (made === wanted) return folder

  const partial = `${folder}.partial-${process.pid}`
  await mkdir(join(partial, 'resources'), { recursive: true })
  await linkFiles(electron.directory, partial)
  await symlink(root, join(partial, 'resources', 'app'))
  await writeFile(join(partial, 'made-for'), wanted)
  await rm(folder, { recursive: true, force: true })
  await rename(partial, folder)
  return folder
}

/**
 * @param {string} from
 * @param {string} to
 */
async function linkFiles(from, to) {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true })
      await linkFiles(source, target)
    } else {
      await link(source, target).catch(() => cp(source, target))
    }
  }
}
