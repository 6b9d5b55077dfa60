import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { inParallel } from '../../in-parallel'
import type { PackageFiles } from './package-files'
import type { PlacedPackage } from './locked-packages'

const atOnce = 4

/**
 * Lay packages out as npm does, below a folder that is not there yet. No script of theirs is run. Their SHA-512 is checked once more.
 * @throws SkyError `cancelled`, `provisioning_failed`; errors of the file system
 */
export async function unpackPackages(
  packages: readonly PlacedPackage[],
  files: PackageFiles,
  folder: string,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: (unpacked: number) => void },
): Promise<void> {
  let unpacked = 0
  // A package's folder is emptied before it is filled: those within another one come after it.
  for (const level of byDepth(packages)) {
    await inParallel(level, atOnce, async ({ path, integrity, ...pin }) => {
      if (signal?.aborted) throw new SkyError('cancelled', 'The installation was cancelled')
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      await unpackFile(files.file(integrity), target, integrity).catch((thrown: unknown) => {
        if ((thrown as NodeJS.ErrnoException).code !== 'EINTEGRITY') throw thrown
        throw new SkyError(
          'provisioning_failed',
          `The file of ${pin.package}@${pin.version} changed after it had been checked`,
          'Repeat the command: it is downloaded again.',
        )
      })
      onProgress?.(++unpacked)
    })
  }
}

/** A tar archive into a folder, without the first part of every path. */
export async function unpackFile(file: string, target: string, integrity?: string): Promise<void> {
  // Only here: it is large.
  const { default: pacote } = await import('pacote')
  await pacote.extract(`file:./${basename(file)}`, target, {
    // Paths are not read as URLs so.
    where: dirname(file),
    // npm's own cache is left alone.
    preferOnline: true,
    ...(integrity && { integrity }),
  })
}

function byDepth(packages: readonly PlacedPackage[]): PlacedPackage[][] {
  const depthOf = ({ path }: PlacedPackage): number => path.split('node_modules/').length
  const depths = [...new Set(packages.map(depthOf))].sort((one, other) => one - other)
  return depths.map((depth) => packages.filter((each) => depthOf(each) === depth))
}
