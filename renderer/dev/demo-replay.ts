import { SkyError } from '#shared/contract/errors'
import type { ReplayJob, ReplayQuestion, TraceInspection } from '#shared/contract/simulation-api'
import { replayTrace } from '#shared/simulation/replay/replay'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { traits } from '#shared/simulation/traces/trace-format'
import type { Emit } from './demo-client'
import { randomFrom } from './random'

/** Made-up time that reading takes, and each cache, ms. */
const readingMs = 800
const cacheMs = 150
const traceBytes = 12_400_000

/** Replays of a made-up trace by the real caches: conversations about documents, some of them popular. */
export class DemoReplay {
  job: ReplayJob | null = null
  #trace: TraceBatch | null = null
  readonly #now: () => number
  readonly #emit: Emit

  constructor(now: () => number, emit: Emit) {
    this.#now = now
    this.#emit = emit
  }

  inspect(path: string): TraceInspection {
    if (path.includes('missing'))
      throw new SkyError('not_found', `there is no file ${path}`, 'Check the path.')
    const format = path.endsWith('.csv') ? 'azure' : path.endsWith('.json') ? 'sharegpt' : 'mooncake'
    const { title, blockTokens, knowsPrefixes, inOrder } = traits[format]
    return {
      path,
      bytes: traceBytes,
      isGzip: path.endsWith('.gz'),
      format,
      title,
      blockTokens,
      knowsPrefixes,
      knowsArrivals: format !== 'sharegpt',
      inOrder,
    }
  }

  start(question: ReplayQuestion): string {
    this.#trace ??= madeUpTrace()
    this.job = {
      replayId: `replay-${this.#now()}`,
      startedAt: this.#now(),
      question,
      state: { kind: 'reading', bytesRead: 0, bytesTotal: traceBytes },
      rows: [],
    }
    this.#emit('replayChanged', this.job)
    return this.job.replayId
  }

  cancel(): void {
    if (this.job) this.#change({ ...this.job, state: { kind: 'cancelled' } })
  }

  step(): void {
    const { job } = this
    if (job?.state.kind !== 'reading' && job?.state.kind !== 'replaying') return
    const elapsed = this.#now() - job.startedAt
    if (elapsed < readingMs) {
      const bytesRead = Math.round((traceBytes * elapsed) / readingMs)
      return this.#change({ ...job, state: { kind: 'reading', bytesRead, bytesTotal: traceBytes } })
    }
    const trace = this.#trace!
    const { caches } = job.question
    const next = caches[job.rows.length]
    if (next === undefined) {
      const skipped = { lines: 0, first: [] }
      const durationS = elapsed / 1000
      return this.#change({
        ...job,
        state: { kind: 'finished', durationS, format: 'mooncake', blockTokens: 512, skipped },
      })
    }
    const total = trace.requests * caches.length
    const done = Math.min(total, Math.round((trace.requests * (elapsed - readingMs)) / cacheMs))
    if (done < trace.requests * (job.rows.length + 1)) {
      return this.#change({ ...job, state: { kind: 'replaying', done, total } })
    }
    const row = { ...next, ...replayTrace(trace, next.policy, next.capacity ?? Infinity) }
    this.#change({ ...job, state: { kind: 'replaying', done, total }, rows: [...job.rows, row] })
  }

  #change(job: ReplayJob): void {
    this.job = job
    this.#emit('replayChanged', job)
  }
}

const requests = 4000

function madeUpTrace(): TraceBatch {
  const random = randomFrom(7)
  const starts = new Int32Array(requests + 1)
  const ids: number[] = []
  const tokens = new Int32Array(requests)
  const known = new Map<string, number>()
  for (let request = 0; request < requests; request++) {
    const document = Math.floor(random() ** 4 * 900)
    const shared = 4 + (document % 14)
    const own = 1 + Math.floor(random() * 8)
    for (let block = 0; block < shared + own; block++) {
      const key = block < shared ? `${document} ${block}` : `own ${request} ${block}`
      const id = known.get(key) ?? known.size
      known.set(key, id)
      ids.push(id)
    }
    starts[request + 1] = ids.length
    tokens[request] = (shared + own) * 512 - Math.floor(random() * 400)
  }
  return {
    requests,
    blockTokens: 512,
    timestampsMs: Float64Array.from({ length: requests }, (_, i) => i * 300),
    inputTokens: tokens,
    outputTokens: new Int32Array(requests).fill(200),
    blockStarts: starts,
    blockIds: Int32Array.from(ids),
    sessions: new Int32Array(requests).fill(-1),
    delaysMs: new Float64Array(requests).fill(Number.NaN),
    uniqueBlocks: known.size,
  }
}
