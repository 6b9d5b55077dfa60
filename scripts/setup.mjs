import { requireNode } from './lib/node-version.mjs'
import { runScript, say } from './lib/say.mjs'

/** `npm run setup`: everything that start and test would set up: packages, Electron, system packages. */
await runScript(async () => {
  requireNode()
  const { setUpForTests } = await import('./lib/setup.mjs')
  const electron = await setUpForTests()
  say(`Ready: Node ${process.versions.node}, Electron ${electron.version} (${electron.directory}).`)
})
