import { defineConfig } from '@playwright/test'

const report = process.env['SKYMEMORY_TEST_REPORT']

/** End-to-end tests on the real app. `npm test` runs them on a display of their own; so does `xvfb-run npx playwright test`. */
export default defineConfig({
  testDir: 'e2e/specs',
  outputDir: 'test-results/e2e',
  globalSetup: './e2e/global-setup.ts',
  // Apps share the machine's ports and processors; a trial measures time.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ...(report === undefined ? [] : ([['json', { outputFile: report }]] as const))],
})
