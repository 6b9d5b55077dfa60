import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { playwrightTally, sum, tallyOf, vitestTally } from './tally.mjs'

const directory = await mkdtemp(join(tmpdir(), 'tally-'))
afterAll(() => rm(directory, { recursive: true }))

const passedFile = { status: 'passed', assertionResults: [{ status: 'passed' }] }

describe('tallies', () => {
  it('add up', () => {
    expect(
      sum([
        { passed: 1, failed: 2 },
        { passed: 10, failed: 0 },
      ]),
    ).toEqual({ passed: 11, failed: 2 })
    expect(sum([])).toEqual({ passed: 0, failed: 0 })
  })

  it('count a test file that could not be loaded as failed, and one with a failed test once', () => {
    const failedFile = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }
    const unloadable = { status: 'failed', assertionResults: [] }
    const report = { numPassedTests: 2, numFailedTests: 1, testResults: [passedFile, failedFile, unloadable] }
    expect(vitestTally(report)).toEqual({ passed: 2, failed: 2 })
  })

  it('count errors outside of tests as failed', () => {
    const stats = { expected: 5, unexpected: 1, flaky: 1 }
    expect(playwrightTally({ stats, errors: [{}] })).toEqual({ passed: 5, failed: 3 })
  })

  it('never let a runner that failed pass', async () => {
    const file = join(directory, 'report.json')
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [passedFile] }
    await writeFile(file, JSON.stringify(report))
    expect(await tallyOf(file, vitestTally, 0)).toEqual({ passed: 1, failed: 0 })
    expect(await tallyOf(file, vitestTally, 1)).toEqual({ passed: 1, failed: 1 })
    expect(await tallyOf(join(directory, 'none.json'), vitestTally, 0)).toEqual({ passed: 0, failed: 1 })
    await writeFile(file, '{"numPassedTests": 1')
    expect(await tallyOf(file, vitestTally, 0)).toEqual({ passed: 0, failed: 1 })
  })
})
