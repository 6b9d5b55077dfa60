import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Remove the journals that the inference host of the local lab left for trials of this prefix. It removes a journal itself
 * once everything of a finished trial is acknowledged; a trial that never finished leaves one behind.
 */
export async function removeJournals(directory: string, prefix: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    // A journal that cannot be removed now costs some space, nothing else.
    if (name.startsWith(prefix)) await rm(join(directory, name), { force: true }).catch(() => undefined)
  }
}
