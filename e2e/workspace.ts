import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folders of one test: a fresh profile, and a place for results. */
export interface Workspace {
  readonly root: string
  readonly profile: string
  readonly results: string
  readonly environment: Record<string, string>
  remove(): Promise<void>
}

export async function makeWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'skymemory-e2e-'))
  const results = join(root, 'results')
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('ELECTRON_'),
  )
  return {
    root,
    profile: join(root, 'profile'),
    results,
    environment: {
      ...Object.fromEntries(inherited),
      SKYMEMORY_RESULTS: results,
      SKYMEMORY_NODE: process.execPath,
    },
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}
