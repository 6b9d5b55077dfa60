import { requireNode } from './lib/node-version.mjs'
import { runScript, say } from './lib/say.mjs'

/**
 * `npm test`: set up what is missing, then run everything: format, lint, layers, types, unit, integration, and the real app.
 * Every suite runs, also after one has failed. The last line on stdout sums them up.
 */
await runScript(async () => {
  requireNode()
  const { setUpForTests } = await import('./lib/setup.mjs')
  const { build } = await import('./lib/build.mjs')
  const { runStaticChecks } = await import('./lib/static-checks.mjs')
  const { runPlaywright, runVitest } = await import('./lib/suites.mjs')
  const { sum } = await import('./lib/tally.mjs')
  await setUpForTests()
  await build()

  say('\n— Format, lint, layers, types —')
  const tallies = [await runStaticChecks()]
  say('\n— Unit and integration tests —')
  tallies.push(await runVitest([]))
  say('\n— The app —')
  tallies.push(await runPlaywright([]))

  const { passed, failed } = sum(tallies)
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
})
