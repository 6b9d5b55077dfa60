import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning } from '../../is-running'
import { makeDirectory } from '../../make-directory'

const prefix = 'llama-install-'

/**
 * The folder of this process for an installation that is not finished, in the data folder: so on the disk of what it becomes. One that an
 * ended process left is taken over, with what it had downloaded.
 */
export async function openWorkFolder(dataDirectory: string): Promise<string> {
  await makeDirectory(dataDirectory)
  const own = join(dataDirectory, `${prefix}${process.pid}`)
  for (const left of await leftFolders(dataDirectory)) {
    // Two processes may take over at the same time: the second one begins anew.
    await rename(left, own).catch(() => rm(left, { recursive: true, force: true }))
  }
  await makeDirectory(own)
  await rm(join(own, 'new'), { recursive: true, force: true })
  return own
}

/** Those of processes that have ended. */
export async function leftFolders(dataDirectory: string): Promise<string[]> {
  const names = await readdir(dataDirectory).catch(() => [])
  return names
    .filter((name) => name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length))))
    .map((name) => join(dataDirectory, name))
}
