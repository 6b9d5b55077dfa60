import { requireNode } from './lib/node-version.mjs'
import { runScript, say } from './lib/say.mjs'

/** `npm run package`: the unpacked app for this system, in dist/. */
await runScript(async () => {
  requireNode()
  const { setUpPackages } = await import('./lib/packages.mjs')
  const { setUpElectron } = await import('./lib/electron.mjs')
  const { packageApp } = await import('./lib/package.mjs')
  await setUpPackages()
  const electron = await setUpElectron()
  const { executable } = await packageApp(electron)
  if (electron.kind === 'registry') {
    say(
      `This app holds Electron ${electron.version}, taken from the package registry: it is for use and tests on this machine.\n` +
        'To hand an app on, package it where the electron package can fetch its own release.',
    )
  }
  process.stdout.write(`${executable}\n`)
})
