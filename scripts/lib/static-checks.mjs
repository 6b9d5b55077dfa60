import { capture } from './run.mjs'
import { inRoot } from './paths.mjs'
import { say } from './say.mjs'

/** @typedef {{ name: string, script: string, args: string[] }} StaticCheck */

/**
 * @param {string} name
 * @param {string} script below node_modules
 * @param {...string} args
 * @returns {StaticCheck}
 */
const check = (name, script, ...args) => ({ name, script, args })

/** @param {string} project */
const types = (project) => check(`types of ${project}`, 'typescript/bin/tsc', '-p', project)

/** @type {readonly StaticCheck[]} */
export const staticChecks = [
  check('format', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  check('lint and layers', 'eslint/bin/eslint.js', '--max-warnings=0', '.'),
  types('shared'),
  types('shared/tsconfig.test.json'),
  types('agent'),
  types('lab'),
  types('cli'),
  types('electron'),
  check('types of renderer', 'vue-tsc/bin/vue-tsc.js', '-p', 'renderer', '--noEmit'),
  types('scripts'),
  types('bench'),
  types('e2e'),
]

/** Two at a time: the compiler needs about half a gigabyte. */
const parallel = 2

/**
 * Run all checks, print what fails, and count.
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runStaticChecks() {
  const waiting = [...staticChecks]
  const tally = { passed: 0, failed: 0 }
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { code, output } = await capture(
        process.execPath,
        [inRoot('node_modules', next.script), ...next.args],
        {
          cwd: inRoot(),
          keepOutput: 60_000,
        },
      )
      if (code === 0) tally.passed++
      else tally.failed++
      say(`${code === 0 ? '✓' : '✗'} ${next.name}${code === 0 ? '' : `\n${output.trim()}\n`}`)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return tally
}
