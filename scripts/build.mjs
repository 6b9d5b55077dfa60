import { parseArgs } from 'node:util'
import { requireNode } from './lib/node-version.mjs'
import { runScript, SetupError } from './lib/say.mjs'

/** `npm run build [-- --only agent,cli,workers,llama,figures,documents,electron]`: build into out/ what is older than its sources. */
await runScript(async () => {
  requireNode()
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const { setUpPackages } = await import('./lib/packages.mjs')
  const { allParts, build } = await import('./lib/build.mjs')
  const parts =
    values.only === undefined ? allParts : allParts.filter((part) => values.only?.split(',').includes(part))
  if (parts.length === 0 || (values.only !== undefined && parts.length !== values.only.split(',').length)) {
    throw new SetupError(`--only takes a list of ${allParts.join(', ')}, not "${values.only}".`)
  }
  await setUpPackages()
  await build(parts)
})
