import { requireNode } from './lib/node-version.mjs'
import { runScript, say, SetupError } from './lib/say.mjs'

/** `npm start [-- ARGS]`: set up and build what is missing, then open the app. */
await runScript(async () => {
  requireNode()
  const { setUpForWindow } = await import('./lib/setup.mjs')
  const { build } = await import('./lib/build.mjs')
  const { appCommand } = await import('./lib/app-folder.mjs')
  const { passThrough } = await import('./lib/run.mjs')
  const { root } = await import('./lib/paths.mjs')
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    throw new SetupError(
      'There is no display here to open a window on. Run this from a desktop, or use the command line: npm run demo.',
    )
  }
  const electron = await setUpForWindow()
  await build(['agent', 'workers', 'llama', 'figures', 'documents', 'electron'])
  const { executable, args } = await appCommand(electron)
  if (args.includes('--no-sandbox')) {
    say("Chromium's sandbox does not work for this user on this system: starting with --no-sandbox.")
  }
  // The agents of the local lab run on the Node that runs this script, not on Electron's.
  const env = { ...process.env, SKYMEMORY_NODE: process.execPath }
  return passThrough(executable, [...args, ...process.argv.slice(2)], { cwd: root, env })
})
