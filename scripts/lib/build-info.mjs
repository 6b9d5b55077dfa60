import { readFileSync } from 'node:fs'
import { capture } from './run.mjs'
import { inRoot, root } from './paths.mjs'

/**
 * Names what is built: every result says which version and revision made it.
 * @returns {Promise<{ version: string, revision: string }>} revision: the commit, `-dirty` when files differ from it, or `unknown`
 */
export async function buildInfo() {
  const { version } = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  )
  const described = await capture('git', ['describe', '--always', '--abbrev=40', '--dirty', '--exclude=*'], {
    cwd: root,
  }).catch(() => undefined)
  const revision = described?.code === 0 ? described.stdout.trim() : 'unknown'
  return { version, revision }
}

/**
 * Constants that the bundlers put into the code.
 * @param {{ version: string, revision: string }} info
 */
export function buildConstants(info) {
  return {
    __SKYMEMORY_VERSION__: JSON.stringify(info.version),
    __SKYMEMORY_REVISION__: JSON.stringify(info.revision),
  }
}
