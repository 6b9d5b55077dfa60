import { rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import type { PinnedPackage } from '../../registry/download-package'
import { unique, type PackageFiles, type WorkOptions } from './package-files'
import { unpackFile } from './unpack-packages'

/** What tells an error of this machine's disk from one of the archive. */
const diskErrors = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'])
/** Packages that are named when some are missing. */
const mostNamed = 3

/**
 * Take the files of packages from a folder or an archive that was brought from another machine.
 * @param work a folder of this machine, for what is in an archive
 * @throws SkyError `not_found` when there is no such thing, or not all of them are in it; `invalid_argument`, `cancelled`
 */
export async function bringPackages(
  from: string,
  packages: readonly PinnedPackage[],
  files: PackageFiles,
  work: string,
  options: WorkOptions,
): Promise<void> {
  const source = resolve(from)
  const found = await stat(source).catch(() => null)
  if (found === null) throw new SkyError('not_found', `There is no file or folder ${source}`, howToPrepare)
  const brought = join(work, 'brought')
  try {
    if (!found.isDirectory()) await unpackArchive(source, brought)
    const missing = await files.takeFrom(found.isDirectory() ? source : brought, packages, options)
    if (missing.length > 0) throw incomplete(source, missing, unique(packages).length)
  } finally {
    await rm(brought, { recursive: true, force: true })
  }
}

const howToPrepare =
  'On a machine with internet: skymemory model engine pack llama.tar, or in a copy of agent/llama: npm ci --ignore-scripts --os=linux --cpu=x64 --cache llama-files'

async function unpackArchive(file: string, target: string): Promise<void> {
  await unpackFile(file, target).catch((thrown: unknown) => {
    const { code = '', message } = thrown as NodeJS.ErrnoException
    if (diskErrors.has(code)) throw thrown
    throw new SkyError(
      'invalid_argument',
      `${file} is no archive of \`skymemory model engine pack\`: ${message}`,
      `Another archive is to be unpacked first: name its folder. ${howToPrepare}`,
    )
  })
}

function incomplete(source: string, missing: readonly PinnedPackage[], wanted: number): SkyError {
  const names = missing.slice(0, mostNamed).map((pin) => `${pin.package}@${pin.version}`)
  const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : ''
  return new SkyError(
    'not_found',
    `${source} lacks ${missing.length} of ${wanted} packages of llama.cpp, or holds other bytes: ${names.join(', ')}${more}`,
    howToPrepare,
  )
}
