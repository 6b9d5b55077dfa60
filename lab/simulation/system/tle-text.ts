import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'

/** The element sets of a trial; empty for orbits that need none. @throws SkyError `not_found` */
export async function tleTextOf({ orbits, tle_file }: ParameterValues): Promise<string> {
  if (orbits !== 'tle') return ''
  try {
    return await readFile(resolve(tle_file), 'utf8')
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError(
      'not_found',
      `${tle_file} cannot be read: ${reason}`,
      'Name a file of element sets with tle_file.',
    )
  }
}
