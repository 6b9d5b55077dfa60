import { resolve } from 'node:path'
import type { ParameterValues } from '#shared/experiment/parameters'
import { readTleFile } from '../read-tle-file'

/** The element sets of a trial; empty for orbits that need none. @throws SkyError as `readTleFile` */
export async function tleTextOf({ orbits, tle_file }: ParameterValues): Promise<string> {
  return orbits === 'tle' ? await readTleFile(resolve(tle_file)) : ''
}
