import { existsSync } from 'node:fs'
import { capture } from './run.mjs'
import { say, SetupError } from './say.mjs'

/** What Electron needs of a Debian or Ubuntu system in order to open a window. */
export const windowPackages = ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libxss1', 'libxtst6']
/** A display where there is none, and a font for it. */
export const displayPackages = ['xvfb', 'xauth', 'fonts-dejavu-core']

/** SSH hosts on this machine, for the tests: their servers, sudo, and what makes namespaces. */
export const testbedPackages = [
  'openssh-server',
  'openssh-client',
  'sudo',
  'iproute2',
  'util-linux',
  'procps',
]

/** What the benchmarks compare with. */
export const benchPackages = ['redis-server']

/** Ubuntu 24.04 renamed these when time became 64 bits wide. */
const renamed = new Set(['libgtk-3-0', 'libasound2'])

/**
 * Install the packages that are missing, if this user may; else say the one command that does, and stop.
 * Does nothing on systems without dpkg: they name their packages differently, and Electron says itself what it misses.
 * @param {readonly string[]} wanted
 * @param {string} purpose ends the sentence "are needed ..."
 */
export async function setUpSystemPackages(wanted, purpose) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) return
  let missing = await missingPackages(wanted)
  if (missing.length === 0) return
  const root = process.getuid?.() === 0
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  if (root) {
    say(`Installing system packages: ${missing.join(' ')} …`)
    await capture('apt-get', ['update', '-q'], { env })
    missing = await missingPackages(wanted)
  }
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!root) {
    throw new SetupError(
      `These system packages are needed ${purpose}: ${missing.join(' ')}.\n` +
        `Installing them needs the administrator's right. Run this, then repeat the command:\n\n` +
        `  sudo apt-get update && sudo ${install}\n`,
    )
  }
  const result = await capture('apt-get', install.split(' ').slice(1), { env })
  if (result.code !== 0) {
    throw new SetupError(
      `${install} failed.\n${result.output.trim()}\nInstall them by hand, then repeat the command.`,
    )
  }
}

/** @param {readonly string[]} wanted */
async function missingPackages(wanted) {
  const query = await capture('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'])
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length)),
  )
  const missing = wanted.filter((name) => !installed.has(name) && !installed.has(`${name}t64`))
  if (!missing.some((name) => renamed.has(name))) return missing
  const known = await capture('apt-cache', ['search', '--names-only', '^libgtk-3-0t64$'])
  return known.stdout.trim() === ''
    ? missing
    : missing.map((name) => (renamed.has(name) ? `${name}t64` : name))
}
