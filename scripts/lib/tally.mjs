import { readFile } from 'node:fs/promises'

/**
 * How many tests of a suite passed and failed.
 * @typedef {{ passed: number, failed: number }} Tally
 */

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sum(tallies) {
  return tallies.reduce(
    (all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }),
    {
      passed: 0,
      failed: 0,
    },
  )
}

/**
 * The tally of a vitest JSON report. A file that could not be loaded has no tests, and counts as one that failed.
 * @param {{ numPassedTests: number, numFailedTests: number,
 *   testResults: { status: string, assertionResults: { status: string }[] }[] }} report
 * @returns {Tally}
 */
export function vitestTally(report) {
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloadable.length }
}

/**
 * The tally of a Playwright JSON report. Errors outside of tests (setup, unloadable files) count as failed.
 * @param {{ stats: { expected: number, unexpected: number, flaky: number }, errors: unknown[] }} report
 * @returns {Tally}
 */
export function playwrightTally({ stats, errors }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length }
}

/**
 * The tally of a suite from its report file. Whatever the report says, a suite whose runner failed has not passed.
 * @template T
 * @param {string} file
 * @param {(report: T) => Tally} read
 * @param {number} exitCode of the runner
 * @returns {Promise<Tally>}
 */
export async function tallyOf(file, read, exitCode) {
  /** @type {Tally} */
  let tally
  try {
    tally = read(/** @type {T} */ (JSON.parse(await readFile(file, 'utf8'))))
  } catch {
    return { passed: 0, failed: 1 }
  }
  return exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
}
