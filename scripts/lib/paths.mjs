import { homedir } from 'node:os'
import { join } from 'node:path'

/** The checkout that these scripts belong to. */
export const root = join(import.meta.dirname, '..', '..')

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts)

/**
 * What may be kept between checkouts: unpacked Electron builds. Safe to delete.
 * @returns {string}
 */
export function cacheDirectory() {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return process.env['SKYMEMORY_CACHE'] || join(base, 'skymemory-console')
}
