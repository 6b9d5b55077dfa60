import { requireNode } from './lib/node-version.mjs'
import { runScript } from './lib/say.mjs'

/** `npm run check`: the quick part of `npm test`: format, lint, layers, types, unit tests. */
await runScript(async () => {
  requireNode()
  const { setUpPackages } = await import('./lib/packages.mjs')
  const { runStaticChecks } = await import('./lib/static-checks.mjs')
  const { runVitest } = await import('./lib/suites.mjs')
  const { sum } = await import('./lib/tally.mjs')
  await setUpPackages()
  const { passed, failed } = sum([
    await runStaticChecks(),
    await runVitest(['--project', 'unit', '--project', 'renderer']),
  ])
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
})
