import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** Machines are shared and noisy: a limit ends what hangs, and says nothing about what is slow, ms. */
const unitLimitMs = 60_000

/** Unit tests stand beside the code; integration tests start real processes and run one after another. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,agent,lab,cli,electron,scripts}/**/*.test.{ts,mjs}'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          environment: 'node',
          testTimeout: unitLimitMs,
        },
      },
      {
        plugins: [vue()],
        test: {
          name: 'renderer',
          include: ['renderer/**/*.test.ts'],
          environment: 'node',
          testTimeout: unitLimitMs,
          // A test reads the theme's colours; without this, style sheets are empty in tests.
          css: { include: /tokens\.css/ },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{agent,lab,cli}/**/*.integration.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
