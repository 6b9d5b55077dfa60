import { requireNode } from './lib/node-version.mjs'
import { runScript } from './lib/say.mjs'

/** `npm run skymemory -- ARGS` and `npm run demo`: set up and build what is missing, then run the command line. */
await runScript(async () => {
  requireNode()
  const { setUpForCommandLine } = await import('./lib/setup.mjs')
  const { build } = await import('./lib/build.mjs')
  const { passThrough } = await import('./lib/run.mjs')
  const { inRoot } = await import('./lib/paths.mjs')
  await setUpForCommandLine()
  await build(['agent', 'cli', 'workers', 'llama', 'figures', 'documents'])
  return passThrough(process.execPath, [inRoot('out', 'cli', 'skymemory.mjs'), ...process.argv.slice(2)])
})
