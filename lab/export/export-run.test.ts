import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { requestColumns, timelineColumns, trialColumns } from '#shared/experiment/csv-columns'
import { anEngine, isFinished, type EngineUnderTest } from '../testing/engine'
import { temporaryFolder } from '../testing/folders'
import { memoryLabs } from '../testing/memory-lab'
import { smallDisk } from '../testing/folders'
import { aReading } from '../testing/records'
import { writeCsv } from './csv-file'

const experiment = `name: Export
seed: 3
parameters: { sessions: 3, turns: 2, slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, link_delay: real }
factors: { cache: [off, skymemory], strategy: [rotation, hop] }
`

async function aFinishedRun(): Promise<EngineUnderTest & { runId: string }> {
  const lab = await anEngine(memoryLabs().start)
  const { runId } = await lab.client.call('startRun', { yaml: experiment })
  await lab.until(runId, isFinished)
  return { ...lab, runId }
}

const rowsOf = (path: string): Record<string, string>[] =>
  parse(readFileSync(path), { columns: true, record_delimiter: '\r\n' })

describe('an export', () => {
  it('holds every record, with the columns of the contract and sums that agree', async () => {
    const { client, runId } = await aFinishedRun()
    const directory = temporaryFolder()
    const exported = await client.call('exportRun', { runId, directory })
    expect(exported.directory).toBe(join(directory, runId))
    expect(readdirSync(directory)).toEqual([runId])
    expect(readdirSync(exported.directory).sort()).toEqual([...exported.files].sort())

    const trials = rowsOf(join(exported.directory, 'trials.csv'))
    const requests = rowsOf(join(exported.directory, 'requests.csv'))
    const satellites = rowsOf(join(exported.directory, 'satellites.csv'))
    const timeline = rowsOf(join(exported.directory, 'timeline.csv'))
    expect(Object.keys(trials[0] ?? {})).toEqual(trialColumns.map((column) => column.name))
    expect(Object.keys(requests[0] ?? {})).toEqual(requestColumns.map((column) => column.name))
    expect(trials.map((row) => [row['trial_id'], row['strategy'], row['status'], row['requests']])).toEqual([
      ['t001', '', 'completed', '6'],
      ['t002', 'rotation', 'completed', '6'],
      ['t003', 'hop', 'completed', '6'],
    ])
    const sum = (rows: Record<string, string>[], column: string): number =>
      rows.reduce((total, row) => total + Number(row[column]), 0)
    expect(requests).toHaveLength(18)
    expect(sum(timeline, 'requests')).toBe(18)
    expect(sum(trials, 'evicted_chunks')).toBe(sum(satellites, 'evictions'))
    expect(sum(trials, 'migrated_chunks')).toBe(sum(satellites, 'migrated_in'))
    expect(sum(timeline, 'migrated_chunks')).toBe(sum(satellites, 'migrated_in'))
    expect(sum(satellites, 'migrated_in')).toBe(3 * 30)
    expect(sum(satellites, 'migrated_out')).toBe(2 * 30)
    // Without a cache there is no constellation to speak of.
    expect(satellites.filter((row) => row['trial_id'] === 't001')).toEqual([])
    expect(satellites).toHaveLength(2 * 15)
    expect(trials[0]?.['evicted_chunks']).toBe('')
    expect(requests[0]?.['started_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('has columns for the machines that were read, in every row, empty where they were not', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    const { machine: _machine, at: _at, ...load } = aReading('', 0, { gpuLoad: 0.5, powerW: { VDD_IN: 6.5 } })
    labs.newest().telemetry.set('jetson', load)
    labs.newest().telemetry.set('nuc2', { ...load, gpuLoad: null, powerW: {} })
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, isFinished)
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    const timeline = rowsOf(join(directory, 'timeline.csv'))
    const names = [...timelineColumns.map((column) => column.name)]
    const metrics = [
      'cpu_load',
      'memory_used_bytes',
      'temperature_c',
      'received_bytes_per_s',
      'sent_bytes_per_s',
      'gpu_load',
    ]
    expect(Object.keys(timeline[0] ?? {})).toEqual([
      ...names,
      ...metrics.map((metric) => `jetson_${metric}`),
      'jetson_power_vdd_in_w',
      ...metrics.map((metric) => `nuc2_${metric}`),
    ])
    const read = timeline.filter((row) => row['jetson_cpu_load'] !== '')
    expect(new Set(read.map((row) => row['trial_id']))).toEqual(new Set(['t001', 't002', 't003']))
    expect(read[0]).toMatchObject({
      jetson_memory_used_bytes: '4294967296',
      jetson_gpu_load: '0.5',
      jetson_power_vdd_in_w: '6.5',
      nuc2_temperature_c: '51.5',
      nuc2_gpu_load: '',
    })
    const { points } = await client.call('timeline', { runId })
    expect(points.find((point) => point.machines['jetson'])?.machines['jetson']).toEqual({
      ...load,
      powerW: { VDD_IN: 6.5 },
    })
  })

  it('has a manifest that names what made it, and whose checksums are right', async () => {
    const { client, runId } = await aFinishedRun()
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
      files: Record<string, { sha256: string; bytes: number; rows: number }>
    }
    expect(manifest).toMatchObject({
      run_id: runId,
      state: 'finished',
      program: { version: '1.2.3', git_revision: 'abcdef' },
      experiment: { name: 'Export', seed: 3 },
      experiment_yaml: experiment,
      clocks: { offsets_ms: { nuc1: 0, jetson: 0 } },
      trials: [
        { trial_id: 't001', state: 'completed', attempt: 1, seed: 3, link_delay: { mode: 'real' } },
        {
          link_delay: {
            hosts: expect.arrayContaining([
              { host: 'nuc2', packets: 2, demanded_ms: 4, achieved_ms: 5, worst_lateness_ms: 1 },
            ]) as unknown,
          },
        },
        {},
      ],
    })
    expect(Object.keys(manifest.files)).toEqual([
      'trials.csv',
      'requests.csv',
      'satellites.csv',
      'timeline.csv',
    ])
    for (const [name, { sha256, bytes, rows }] of Object.entries(manifest.files)) {
      const content = readFileSync(join(directory, name))
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
      expect(content.length).toBe(bytes)
      expect(rowsOf(join(directory, name))).toHaveLength(rows)
    }
  })

  it('of a cancelled run says which trials never started', async () => {
    const labs = memoryLabs()
    const { client, until } = await anEngine(labs.start)
    await client.call('startLab', { slots: 5, planes: 3 })
    labs.newest().inferenceHost.allow(2)
    const { runId } = await client.call('startRun', { yaml: experiment })
    await until(runId, (run) => run.requestsDone === 2)
    await client.call('cancelRun', { runId })
    const { directory } = await client.call('exportRun', { runId, directory: temporaryFolder() })
    expect(
      rowsOf(join(directory, 'trials.csv')).map((row) => [row['status'], row['attempt'], row['requests']]),
    ).toEqual([
      ['cancelled', '1', ''],
      ['cancelled', '0', ''],
      ['cancelled', '0', ''],
    ])
    expect(rowsOf(join(directory, 'requests.csv'))).toHaveLength(2)
  })

  it('replaces an earlier one, and leaves files of others alone', async () => {
    const { client, runId } = await aFinishedRun()
    const parent = temporaryFolder()
    const first = await client.call('exportRun', { runId, directory: parent })
    writeFileSync(join(first.directory, 'trials.csv'), 'old')
    await client.call('exportRun', { runId, directory: parent })
    expect(rowsOf(join(first.directory, 'trials.csv'))).toHaveLength(3)
    writeFileSync(join(first.directory, 'notes.md'), 'mine')
    writeFileSync(join(first.directory, 'trials.csv'), 'old')
    await client.call('exportRun', { runId, directory: parent })
    expect(readFileSync(join(first.directory, 'notes.md'), 'utf8')).toBe('mine')
    expect(rowsOf(join(first.directory, 'trials.csv'))).toHaveLength(3)
    expect(readdirSync(parent)).toEqual([runId])
  })

  it('says which folder it cannot write to, and leaves nothing behind', async () => {
    const { client, runId } = await aFinishedRun()
    const parent = temporaryFolder()
    writeFileSync(join(parent, 'file'), '')
    await expect(client.call('exportRun', { runId, directory: join(parent, 'file') })).rejects.toMatchObject({
      code: 'storage_unwritable',
      message: expect.stringContaining(join(parent, 'file', runId)) as string,
    })
    mkdirSync(join(parent, 'taken'))
    writeFileSync(join(parent, 'taken', runId), 'a file where the folder should be')
    await expect(client.call('exportRun', { runId, directory: join(parent, 'taken') })).rejects.toMatchObject(
      {
        code: 'storage_unwritable',
      },
    )
    expect(readdirSync(join(parent, 'taken'))).toEqual([runId])
  })

  it('leaves the earlier files as they were when the disk is full', async ({ skip }) => {
    const disk = smallDisk(1)
    if (!disk) return skip('this user may not mount a small disk')
    try {
      const { client, runId } = await aFinishedRun()
      const { directory } = await client.call('exportRun', { runId, directory: disk.path })
      const before = readFileSync(join(directory, 'manifest.json'), 'utf8')
      writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(disk.freeBytes() - 8_192))
      await expect(client.call('exportRun', { runId, directory: disk.path })).rejects.toMatchObject({
        code: 'storage_full',
        message: expect.stringContaining(runId) as string,
      })
      expect(readFileSync(join(directory, 'manifest.json'), 'utf8')).toBe(before)
      expect(readdirSync(disk.path).sort()).toEqual([runId, 'ballast'].sort())
    } finally {
      disk.unmount()
    }
  })
})

describe('writeCsv', () => {
  it('writes RFC 4180', async () => {
    const path = join(temporaryFolder(), 'x.csv')
    const columns = ['a', 'b'].map((name) => ({
      name,
      read: (row: Record<string, string | number | null>) => row[name] ?? null,
    }))
    const rows = [
      { a: 'plain', b: 1.5 },
      { a: 'with "quotes", commas', b: null },
      { a: 'two\nlines', b: 0 },
      { a: '', b: 1e-7 },
    ]
    const { rows: count, bytes } = await writeCsv(path, columns, [rows])
    const text = readFileSync(path, 'utf8')
    expect(text).toBe('a,b\r\nplain,1.5\r\n"with ""quotes"", commas",\r\n"two\nlines",0\r\n,1e-7\r\n')
    expect(count).toBe(4)
    expect(bytes).toBe(Buffer.byteLength(text))
  })

  it('writes a header even without rows', async () => {
    const path = join(temporaryFolder(), 'x.csv')
    await writeCsv(path, [{ name: 'a', read: () => 1 }], [])
    expect(readFileSync(path, 'utf8')).toBe('a\r\n')
  })
})
