/** A program to start, and the arguments that come first. */
export interface AppCommand {
  readonly executable: string
  readonly args: readonly string[]
}

/**
 * The builds under test.
 * - `checkout`: what `npm start` opens
 * - `inspectable`: the packaged app with one fuse changed: its inspector, which Playwright drives the main process by
 * - `release`: the packaged app as it is
 */
export interface Builds {
  readonly checkout: AppCommand
  readonly inspectable: AppCommand
  readonly release: AppCommand
  /** Folder of the packaged app. */
  readonly releaseDirectory: string
}

const variable = 'SKYMEMORY_BUILDS_UNDER_TEST'

/** Global setup makes the builds and tells the workers by the environment. */
export function publishBuilds(builds: Builds): void {
  process.env[variable] = JSON.stringify(builds)
}

export function buildsUnderTest(): Builds {
  const published = process.env[variable]
  if (published === undefined) throw new Error('no builds under test: global setup did not run')
  return JSON.parse(published) as Builds
}
