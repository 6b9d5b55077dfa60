import { test as base, type ElectronApplication, type Page } from '@playwright/test'
import type { ChildProcess } from 'node:child_process'
import { buildsUnderTest, type Builds } from './builds'
import { firstWindow } from './first-window'
import { launchApp } from './launch-app'
import { makeWorkspace, type Workspace } from './workspace'

interface Options {
  /** Which build to start; `release` cannot be driven this way. */
  build: 'checkout' | 'inspectable'
}

interface Fixtures {
  builds: Builds
  workspace: Workspace
  /** Start the app, with the test's profile or another. */
  launch: (profile?: string) => Promise<ElectronApplication>
  app: ElectronApplication
  page: Page
  /** What the page wrote to its console as errors, and what it threw. Empty at the end unless a test says so. */
  pageErrors: string[]
}

/** Tests that start the app with a fresh profile, and keep a trace and a screenshot when they fail. */
export const test = base.extend<Options & Fixtures>({
  build: ['checkout', { option: true }],

  // eslint-disable-next-line no-empty-pattern -- Playwright reads fixtures off the pattern
  builds: async ({}, use) => use(buildsUnderTest()),

  // eslint-disable-next-line no-empty-pattern -- as above
  workspace: async ({}, use) => {
    const workspace = await makeWorkspace()
    await use(workspace)
    await workspace.remove()
  },

  launch: async ({ build, builds, workspace }, use, testInfo) => {
    const running: { app: ElectronApplication; process: ChildProcess }[] = []
    const output: string[] = []
    await use(async (profile = workspace.profile) => {
      const { executable, args } = builds[build]
      const app = await launchApp({
        executablePath: executable,
        args: [...args, `--user-data-dir=${profile}`],
        env: workspace.environment,
      })
      // Playwright forgets the process when it ends.
      const process = app.process()
      running.push({ app, process })
      for (const stream of [process.stdout, process.stderr]) {
        stream?.on('data', (bytes: Buffer) => output.push(bytes.toString()))
      }
      // Not before: tracing waits for every page that Playwright is still attaching to.
      await firstWindow(app)
      await app.context().tracing.start({ screenshots: true, snapshots: true })
      return app
    })
    const failed = testInfo.status !== testInfo.expectedStatus
    for (const [number, { app, process }] of running.entries()) {
      if (process.exitCode !== null || process.signalCode !== null) continue
      if (failed) await keepEvidence(app, number, testInfo)
      await app.close()
    }
    if (failed) await testInfo.attach('output of the app', { body: output.join('') })
  },

  app: async ({ launch }, use) => use(await launch()),

  page: async ({ app, pageErrors }, use) => {
    const page = await firstWindow(app)
    page.on('console', (message) => {
      if (message.type() === 'error') pageErrors.push(message.text())
    })
    page.on('pageerror', (error) => pageErrors.push(String(error)))
    await use(page)
  },

  // eslint-disable-next-line no-empty-pattern -- as above
  pageErrors: async ({}, use) => use([]),
})

async function keepEvidence(
  app: ElectronApplication,
  number: number,
  testInfo: { outputPath(name: string): string },
): Promise<void> {
  await app.context().tracing.stop({ path: testInfo.outputPath(`trace-${number}.zip`) })
  for (const [index, page] of app.windows().entries()) {
    await page.screenshot({ path: testInfo.outputPath(`window-${number}-${index}.png`) })
  }
}

export { expect } from '@playwright/test'
