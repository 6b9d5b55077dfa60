import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** Where the lab in the background can be reached. The lock of the database says whether it is alive. */
export const daemonState = z.object({
  pid: z.int(),
  socket: z.string(),
  startedAt: z.number(),
  version: z.string(),
})
export type DaemonState = z.infer<typeof daemonState>

const statePath = (dataDirectory: string): string => join(dataDirectory, 'lab-daemon.json')

/** Null where no lab was started in the background, or what lies there makes no sense. */
export async function readDaemonState(dataDirectory: string): Promise<DaemonState | null> {
  try {
    const parsed = daemonState.safeParse(JSON.parse(await readFile(statePath(dataDirectory), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

export async function writeDaemonState(dataDirectory: string, state: DaemonState): Promise<void> {
  const path = statePath(dataDirectory)
  await writeFile(`${path}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function removeDaemonState(dataDirectory: string): Promise<void> {
  await rm(statePath(dataDirectory), { force: true })
}
