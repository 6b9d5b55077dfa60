import { requireNode } from './lib/node-version.mjs'
import { runScript } from './lib/say.mjs'

/** `npm run bench [-- --only a,b]`: set up and build what is missing, then measure. The report goes to stdout as JSON. */
await runScript(async () => {
  requireNode()
  const { setUpForBench } = await import('./lib/setup.mjs')
  const { build } = await import('./lib/build.mjs')
  const { appCommand } = await import('./lib/app-folder.mjs')
  const { onOwnDisplay } = await import('./lib/suites.mjs')
  const { passThrough } = await import('./lib/run.mjs')
  const { inRoot, root } = await import('./lib/paths.mjs')
  const electron = await setUpForBench()
  await build(['agent', 'cli', 'workers', 'llama', 'figures', 'documents', 'electron', 'bench'])
  const env = { ...process.env, SKYMEMORY_NODE: process.execPath }
  const command = JSON.stringify(await appCommand(electron))
  return passThrough(
    ...onOwnDisplay([process.execPath, inRoot('out', 'bench', 'main.mjs'), ...process.argv.slice(2)]),
    {
      cwd: root,
      env: { ...env, SKYMEMORY_APP_COMMAND: command },
    },
  )
})
