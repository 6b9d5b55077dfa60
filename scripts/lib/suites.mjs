import { mkdir, rm } from 'node:fs/promises'
import { inRoot, root } from './paths.mjs'
import { passThrough } from './run.mjs'
import { playwrightTally, tallyOf, vitestTally } from './tally.mjs'

/** Where reports, traces and screenshots of test runs go. */
const results = inRoot('test-results')

/**
 * @param {readonly string[]} args
 */
export async function runVitest(args) {
  const report = inRoot('test-results', 'vitest.json')
  await startReport(report)
  const vitest = inRoot('node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await passThrough(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root })
  return tallyOf(report, vitestTally, code)
}

/**
 * Run the end-to-end tests.
 * @param {readonly string[]} args
 */
export async function runPlaywright(args) {
  const report = inRoot('test-results', 'playwright.json')
  await startReport(report)
  const code = await playwright(args, { ...process.env, SKYMEMORY_TEST_REPORT: report })
  return tallyOf(report, playwrightTally, code)
}

/**
 * Run `playwright test`, on Linux on a display of its own.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function playwright(args, env = process.env) {
  const cli = inRoot('node_modules', '@playwright', 'test', 'cli.js')
  return passThrough(...onOwnDisplay([process.execPath, cli, 'test', ...args]), { cwd: root, env })
}

/**
 * @param {readonly string[]} command
 * @returns {[string, string[]]}
 */
export function onOwnDisplay(command) {
  const wrapped =
    process.platform === 'linux' ? ['xvfb-run', '-a', '-s', '-screen 0 2560x1600x24', ...command] : command
  const [program = '', ...args] = wrapped
  return [program, args]
}

/** @param {string} report */
async function startReport(report) {
  await mkdir(results, { recursive: true })
  await rm(report, { force: true })
}
