import { defineConfig } from '@playwright/test'

/** Pictures of the app for README and guide: `npm run screenshots`. */
export default defineConfig({
  testDir: '.',
  testMatch: 'take-screenshots.ts',
  outputDir: '../../test-results/screenshots',
  globalSetup: '../global-setup.ts',
  workers: 1,
  timeout: 600_000,
  expect: { timeout: 240_000 },
})
