import { z } from 'zod'
import type { PinnedPackage } from '../../registry/download-package'

/** What npm writes about a package: in package-lock.json, and in node_modules/.package-lock.json as the last step of an installation. */
const lockedPackage = z.looseObject({
  /** Where it is another one than its folder is named after. */
  name: z.string().optional(),
  version: z.string(),
  integrity: z.string().startsWith('sha512-'),
  optional: z.boolean().optional(),
  os: z.array(z.string()).optional(),
  cpu: z.array(z.string()).optional(),
  libc: z.array(z.string()).optional(),
})
type LockedPackage = z.infer<typeof lockedPackage>

export type LockedPackages = ReadonlyMap<string, LockedPackage>

/** A package, and its folder within the installation, with `/`. */
export interface PlacedPackage extends PinnedPackage {
  readonly path: string
}

const lockFile = z.object({ packages: z.record(z.string(), z.unknown()) })

/**
 * The packages of a lock file by their folders, without the one that it belongs to.
 * @throws Error for text that is no lock file, or has a package without a SHA-512
 */
export function parseLock(text: string): LockedPackages {
  const { packages } = lockFile.parse(JSON.parse(text))
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  return new Map(entries.map(([path, entry]) => [checkedPath(path), lockedPackage.parse(entry)]))
}

/** Nothing is ever written elsewhere. */
function checkedPath(path: string): string {
  if (/^node_modules\/[^\\:]+$/.test(path) && !path.split('/').includes('..')) return path
  throw new Error(`a lock file names the folder ${JSON.stringify(path)}`)
}

/**
 * What is installed, whatever this machine is: what npm installs with `--os=linux --cpu=x64 --libc=glibc`. The native files for arm64 are
 * among it, because their package says so; hosts of labs have either.
 */
export function packagesForHosts(locked: LockedPackages): PlacedPackage[] {
  const fits = (needed: readonly string[] | undefined, there: string): boolean =>
    needed?.includes(there) ?? true
  return [...locked]
    .filter(([, { os, cpu, libc }]) => fits(os, 'linux') && fits(cpu, 'x64') && fits(libc, 'glibc'))
    .map(([path, { name, version, integrity }]) => ({
      path,
      package: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      integrity,
    }))
}

/** What stands in node_modules/.package-lock.json of an installation of these, as npm writes it. */
export function installedLock(locked: LockedPackages, placed: readonly PlacedPackage[]): string {
  const packages = Object.fromEntries(placed.map(({ path }) => [path, locked.get(path)]))
  return `${JSON.stringify({ lockfileVersion: 3, requires: true, packages }, null, 2)}\n`
}

/** Whether an installation holds what is wanted. Optional packages, those of other machines, may be missing: npm leaves them out. */
export function isSame(wanted: LockedPackages, installed: LockedPackages): boolean {
  return [...wanted].every(([path, { version, integrity, optional }]) => {
    const found = installed.get(path)
    if (found === undefined) return optional === true
    return found.version === version && found.integrity === integrity
  })
}
