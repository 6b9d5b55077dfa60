import { requireNode } from './lib/node-version.mjs'
import { runScript, say } from './lib/say.mjs'

/** `npm run screenshots`: pictures of every page of the real app, while and after the demo runs, into docs/screenshots/. */
await runScript(async () => {
  requireNode()
  const { setUpForTests } = await import('./lib/setup.mjs')
  const { playwright } = await import('./lib/suites.mjs')
  await setUpForTests()
  const code = await playwright(['--config=e2e/screenshots/playwright.config.ts'])
  if (code === 0) say('The pictures are in docs/screenshots/.')
  return code
})
