import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunSummary } from '#shared/contract/console-api'
import { smallDisk, temporaryFolder } from '#lab/testing/folders'
import { allEnded, processesWith } from '#lab/testing/processes'
import { commandLineUnderTest, csvRows, experiment, experimentFile, lastLine } from './testing/command-line'

const { start, run, runsOf, agents } = await commandLineUnderTest()

describe('run', () => {
  it('shows its progress, a table, and last the folder of the results', async () => {
    const data = temporaryFolder()
    const file = experimentFile(data, experiment(6))
    const { code, out, err } = await run(data, 'run', file, '--out', 'results of mine')
    expect(err).toMatch(/^Run \S+-tiny-\w{4}\n/)
    expect(err).toMatch(/100% \| \d\/2 trials \| 24 requests \| 0:00 left/)
    expect(code).toBe(0)
    const directory = lastLine(out)
    expect(directory.startsWith(join(data, 'results of mine'))).toBe(true)
    expect(readdirSync(directory).sort()).toEqual([
      'manifest.json',
      'requests.csv',
      'satellites.csv',
      'timeline.csv',
      'trials.csv',
    ])
    expect(out).toMatch(/t002 +│ rotation, 4 servers +│ +12 │/)
    expect(agents()).toEqual([])

    const runs = await runsOf(data)
    expect(runs).toMatchObject([{ state: { kind: 'finished' }, trialsDone: 2, requestsDone: 24 }])
    const exported = await run(data, 'export', 'latest', '--out', join(data, 'again'), '--json')
    expect(JSON.parse(exported.out)).toMatchObject({ directory: join(data, 'again', runs[0]?.runId ?? '') })
    expect((await run(data, 'runs')).out).toContain(runs[0]?.runId)
    expect(await run(data, 'export', 'none')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/\[not_found\]/) as string,
    })
  })

  it('refuses a results folder that it cannot write to, before anything runs', async () => {
    const data = temporaryFolder()
    const file = experimentFile(data, experiment(2))
    writeFileSync(join(data, 'taken'), '')
    const { code, err } = await run(data, 'run', file, '--out', join(data, 'taken'))
    expect(code).toBe(1)
    expect(err).toContain(`Results cannot be written to ${join(data, 'taken')}`)
    expect(err).toMatch(/\[storage_unwritable\]\nhint: /)
    expect(existsSync(join(data, 'skymemory.duckdb'))).toBe(false)
  })

  it('keeps the records when the results folder goes bad meanwhile', async () => {
    const data = temporaryFolder()
    const out = join(data, 'out')
    const running = start(data, 'run', experimentFile(data, experiment(30)), '--out', out)
    await running.said(/^Run /)
    // The probe has passed; now a file takes the folder's place.
    rmSync(out, { recursive: true })
    writeFileSync(out, '')
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/The records of run \S+ are kept.*skymemory export/)
    const exported = await run(data, 'export', 'latest', '--out', join(data, 'other'))
    expect(exported.code).toBe(0)
    expect(csvRows(lastLine(exported.out), 'requests.csv')).toHaveLength(120)
  })

  it('prints JSON for programs', async () => {
    const data = temporaryFolder()
    const { out } = await run(data, 'run', experimentFile(data, experiment(2)), '--json')
    const answer = JSON.parse(out) as { run: RunSummary; directory: string }
    expect(answer.run.state.kind).toBe('finished')
    expect(answer.directory).toBe(join(data, 'results', answer.run.runId))
  })

  it('is cancelled cleanly by Ctrl+C, keeping its records', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(500)))
    await running.said(/ [1-9]\d?% /)
    running.child.kill('SIGINT')
    const { code, err, out } = await running.finished
    expect(code).toBe(130)
    expect(err).toMatch(/was cancelled \[cancelled\]/)
    expect(agents()).toEqual([])
    const [kept] = await runsOf(data)
    expect(kept).toMatchObject({ state: { kind: 'cancelled' } })
    expect(csvRows(lastLine(out), 'requests.csv')).toHaveLength(kept?.requestsDone ?? -1)
  })

  it('leaves no orphan and loses no record when it is killed, and can be resumed', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(100)))
    await running.said(/[6-9]\d% \| 1\/2/)
    const started = agents()
    expect(started).toHaveLength(4)
    running.child.kill('SIGKILL')
    await running.finished
    await allEnded(started)

    const [interrupted] = await runsOf(data)
    expect(interrupted).toMatchObject({ state: { kind: 'interrupted' }, trialsDone: 1 })
    expect(interrupted?.requestsDone).toBeGreaterThan(200)
    const { code, out } = await run(data, 'resume', 'latest')
    expect(code).toBe(0)
    const rows = csvRows(lastLine(out), 'requests.csv')
    expect(rows).toHaveLength(400)
    expect(new Set(rows.map((row) => `${row['trial_id']} ${row['request_id']}`)).size).toBe(400)
    const trials = csvRows(lastLine(out), 'trials.csv')
    expect(trials.map((row) => [row['status'], row['attempt']])).toEqual([
      ['completed', '1'],
      ['completed', '2'],
    ])
  })

  it('ends when the disk is full, saying so, and is resumed with nothing lost', async ({ skip }) => {
    const disk = smallDisk(64)
    if (!disk) return skip('this user may not mount a small disk')
    onTestFinished(() => disk.unmount())
    const out = temporaryFolder()
    const data = join(disk.path, 'data')
    mkdirSync(data)
    const running = start(data, 'run', experimentFile(data, experiment(100)), '--out', out)
    await running.said(/[6-9]\d% \| 1\/2/)
    disk.fill()
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/Run \S+ is paused.*skymemory resume/)
    expect(err).toMatch(/error: .*\[storage_full\]\nhint: Free some/)
    expect(agents()).toEqual([])
    disk.clear()
    const resumed = await run(data, 'resume', 'latest', '--out', out)
    expect(resumed.code).toBe(0)
    expect(csvRows(lastLine(resumed.out), 'requests.csv')).toHaveLength(400)
  })

  it('says that a trial failed, and runs it again alone', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(100)))
    await running.said(/[6-9]\d% \| 1\/2/)
    const [inference] = processesWith(join(data, 'journals'))
    process.kill(inference ?? 0, 'SIGKILL')
    const { code, err, out } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/t002: jetson was killed \(SIGKILL\)/)
    expect(err).toMatch(/1 of 2 trials of run \S+ failed \[trial_failed\]\nhint: .*skymemory repeat/)
    expect(csvRows(lastLine(out), 'trials.csv').map((row) => row['status'])).toEqual(['completed', 'failed'])
    expect((await run(data, 'show', 'latest')).out).toMatch(
      /t002: The inference host jetson was killed .*\[trial_failed\]/,
    )

    const repeated = await run(data, 'repeat', 'latest', 't002')
    expect(repeated.code).toBe(0)
    const trials = csvRows(lastLine(repeated.out), 'trials.csv')
    expect(trials.map((row) => [row['status'], row['attempt'], row['requests']])).toEqual([
      ['completed', '1', '200'],
      ['completed', '2', '200'],
    ])
  })

  it('says who uses the data directory', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(500)))
    await running.said(/ 0% /)
    const { code, err } = await run(data, 'runs')
    expect(code).toBe(1)
    expect(err).toMatch(new RegExp(`process ${running.child.pid ?? 0}\\).*\\[storage_locked\\]`))
    running.child.kill('SIGINT')
    await running.finished
  })
})
