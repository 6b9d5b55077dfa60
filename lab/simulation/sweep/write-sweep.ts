import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SkyError } from '#shared/contract/errors'
import { checkSweep, sweepSize, type SweepGrid } from '#shared/simulation/sweep/grid'
import { sweepColumns, sweepCsvHeader } from '#shared/simulation/sweep/sweep-csv'
import { makeDirectory } from '../../make-directory'
import { storageError } from '../../store/storage-errors'
import type { SimulationTasks } from '../workers/tasks'
import { WorkerPool } from '../workers/worker-pool'
import { sweepLines } from './sweep-lines'

export interface WriteSweepOptions {
  readonly grid: SweepGrid
  /** `sweep.csv` and `manifest.json` go into this folder. */
  readonly directory: string
  /** The file of the worker threads. */
  readonly workerEntry: string
  /** Worker threads; 0 computes in this thread; as many as suit the sweep and the machine unless told otherwise. */
  readonly threads?: number | undefined
  readonly onProgress?: (progress: SweepProgress) => void
  readonly signal?: AbortSignal
  /** What computed it, for the manifest. */
  readonly version: string
  readonly gitRevision: string
}

export interface SweepProgress {
  readonly done: number
  readonly total: number
}

export interface WrittenSweep {
  readonly directory: string
  readonly files: readonly string[]
  readonly configurations: number
  readonly bytes: number
  readonly sha256: string
}

/** Below this many configurations a sweep takes less time than starting threads. */
const worthThreads = 65_536

const fileName = 'sweep.csv'

/**
 * Compute a full factorial sweep and write it as CSV, with a manifest beside it. Lines go to `sweep.csv.part` as they come,
 * which takes its final name when it is complete; what a cancelled sweep has computed stays there.
 * @throws SkyError `invalid_argument`, `cancelled`, `storage_full`, `storage_unwritable`, `export_failed`
 */
export async function writeSweep(options: WriteSweepOptions): Promise<WrittenSweep> {
  const { grid, directory, workerEntry } = options
  checkSweep(grid)
  const total = sweepSize(grid)
  const threads = options.threads ?? (total < worthThreads ? 0 : undefined)
  const pool =
    threads === 0 ? null : new WorkerPool<SimulationTasks>({ workerEntry, ...(threads ? { threads } : {}) })
  const part = join(directory, `${fileName}.part`)
  const hash = createHash('sha256')
  let bytes = 0
  async function* content(): AsyncGenerator<Buffer> {
    const measured = (text: string): Buffer => {
      const data = Buffer.from(text)
      hash.update(data)
      bytes += data.length
      return data
    }
    yield measured(sweepCsvHeader)
    for await (const { text, done } of sweepLines(grid, pool, options.signal)) {
      yield measured(text)
      options.onProgress?.({ done, total })
    }
  }
  try {
    await makeDirectory(directory)
    await pipeline(content, createWriteStream(part))
    const written = { configurations: total, bytes, sha256: hash.digest('hex') }
    await rename(part, join(directory, fileName))
    const manifest = sweepManifest(options, written)
    await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    return { directory, files: [fileName, 'manifest.json'], ...written }
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'cancelled') {
      const hint = 'It has no place to go on from: start it again.'
      throw new SkyError('cancelled', `the sweep was cancelled; what was computed is in ${part}`, hint)
    }
    throw storageError(thrown, directory, 'export_failed')
  } finally {
    await pool?.close()
  }
}

function sweepManifest(
  { grid, version, gitRevision }: WriteSweepOptions,
  written: Pick<WrittenSweep, 'configurations' | 'bytes' | 'sha256'>,
): Record<string, unknown> {
  return {
    kind: 'latency_sweep',
    model: "the paper's latency model: light time plus chunk processing time; simulated, not measured",
    version,
    gitRevision,
    parameters: grid,
    columns: sweepColumns,
    files: { [fileName]: written },
  }
}
