import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { workerBundle } from '#lab/testing/worker-bundle'
import { paperConfiguration, paperValues } from '#shared/simulation/sweep/paper-sweep'
import type { SweepGrid } from '#shared/simulation/sweep/grid'
import { sweepCsvHeader, sweepCsvLines } from '#shared/simulation/sweep/sweep-csv'
import { configurationsPerPart } from './sweep-lines'
import { writeSweep, type SweepProgress, type WriteSweepOptions } from './write-sweep'

const workerEntry = await workerBundle()

const grid = (altitudes: number): SweepGrid => ({
  preset: ['paper'],
  strategy: ['rotation', 'hop', 'hop_rotation'],
  slots: [15],
  planes: [15],
  centre: [paperConfiguration.centre],
  rotations: [0],
  servers: paperValues.SERVERS,
  altitudeM: Array.from({ length: altitudes }, (_, index) => 160_000 + 1_000 * index),
  kvcBytes: paperValues.KVC_BYTES,
  chunkBytes: [12_288],
  chunkProcessingTimeS: paperValues.CHUNK_PROCESSING_TIME,
})

const options = (change: Partial<WriteSweepOptions>): WriteSweepOptions => ({
  grid: grid(10),
  directory: temporaryFolder(),
  workerEntry,
  version: '1.2.3',
  gitRevision: 'abcdef',
  ...change,
})

describe('writeSweep', { timeout: 60_000 }, () => {
  it('writes the same file whatever the number of threads, with its checksum in the manifest', async () => {
    const size = 3 * 4 * 10 * 21 * 10
    const whole = sweepCsvHeader + sweepCsvLines(grid(10), 0, size)
    const sha256 = createHash('sha256').update(whole).digest('hex')
    for (const threads of [0, 1, 3, undefined]) {
      const progress: SweepProgress[] = []
      const onProgress = (each: SweepProgress): unknown => progress.push(each)
      const written = await writeSweep(options({ threads, onProgress }))
      expect(readFileSync(join(written.directory, 'sweep.csv'), 'utf8') === whole).toBe(true)
      expect(written).toMatchObject({ configurations: size, sha256, bytes: Buffer.byteLength(whole) })
      expect(progress.map(({ done }) => done)).toEqual([
        configurationsPerPart,
        2 * configurationsPerPart,
        3 * configurationsPerPart,
        size,
      ])
      const manifest = JSON.parse(readFileSync(join(written.directory, 'manifest.json'), 'utf8')) as unknown
      expect(manifest).toMatchObject({
        version: '1.2.3',
        gitRevision: 'abcdef',
        parameters: grid(10),
        files: { 'sweep.csv': { sha256, configurations: size } },
      })
    }
  })

  it.each([0, 2])('ends when it is cancelled (%i threads), and keeps what it has', async (threads) => {
    const stop = new AbortController()
    const directory = temporaryFolder()
    writeFileSync(join(directory, 'sweep.csv'), 'an earlier one')
    const onProgress = ({ done }: SweepProgress): void => {
      if (done >= 3 * configurationsPerPart) stop.abort()
    }
    const cancelled = options({ grid: grid(400), directory, threads, onProgress, signal: stop.signal })
    await expect(writeSweep(cancelled)).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('sweep.csv.part') as string,
    })
    const kept = readFileSync(join(directory, 'sweep.csv.part'), 'utf8')
    expect((sweepCsvHeader + sweepCsvLines(grid(400), 0, 8 * configurationsPerPart)).startsWith(kept)).toBe(
      true,
    )
    expect(readFileSync(join(directory, 'sweep.csv'), 'utf8')).toBe('an earlier one')
    expect(existsSync(join(directory, 'manifest.json'))).toBe(false)
  })

  it('says why it cannot write', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    await expect(writeSweep(options({ directory: join(file, 'below') }))).rejects.toMatchObject({
      code: 'storage_unwritable',
    })
  })

  it('refuses impossible combinations before it writes anything', async () => {
    const directory = join(temporaryFolder(), 'new')
    await expect(
      writeSweep(options({ directory, grid: { ...grid(1), servers: [9, 226] } })),
    ).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(existsSync(directory)).toBe(false)
  })
})
