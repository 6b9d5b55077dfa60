import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { fromErrorBody, SkyError } from '#shared/contract/errors'
import type { TaskInput, TaskMap, TaskOutput, TaskProgress } from './task'
import { workerExport, type TaskAnswer, type TaskCall } from './task-call'

export interface WorkerPoolOptions {
  /** The bundled file of the workers (out/workers/skymemory-worker.mjs); it exports `run`, made by `answerTasks`. */
  readonly workerEntry: string
  /** As many as the machine runs at a time unless told otherwise. They start with the first task. */
  readonly threads?: number
  /** Heap of each thread at most, MB; Node's own limit unless told otherwise. */
  readonly heapLimitMb?: number
}

export interface RunOptions<Progress> {
  /** Ends the task at once, wherever it is; its thread is replaced. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Worker threads that run the tasks `Tasks`; what is asked beyond the number of threads waits its turn. Threads last until
 * `close`: make a pool for a job, and close it with the job.
 */
export class WorkerPool<Tasks extends TaskMap> {
  readonly threads: number
  readonly #options: WorkerPoolOptions
  #piscina: Piscina<TaskCall, TaskAnswer> | null = null
  #closed = false

  /** @throws SkyError `internal`: the workers' file is not there */
  constructor(options: WorkerPoolOptions) {
    const { workerEntry, threads = availableParallelism() } = options
    // Without it, threads would end as they start, and tasks would wait for ever.
    if (!existsSync(workerEntry)) {
      const hint = 'The installation is damaged, or was not built: npm run build.'
      throw new SkyError('internal', `the file of the worker threads is missing: ${workerEntry}`, hint)
    }
    this.threads = threads
    this.#options = options
  }

  #threadPool(): Piscina<TaskCall, TaskAnswer> {
    if (this.#piscina) return this.#piscina
    const { workerEntry, heapLimitMb } = this.#options
    this.#piscina = new Piscina<TaskCall, TaskAnswer>({
      filename: workerEntry,
      name: workerExport,
      // Equal: below the minimum, piscina replaces a thread that was ended; above it, waiting tasks could wait for ever.
      minThreads: this.threads,
      maxThreads: this.threads,
      // A thread that waits in Atomics.wait() could not answer anything else.
      atomics: 'disabled',
      execArgv: [],
      ...(heapLimitMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapLimitMb } }),
    })
    // Errors of a thread reject the task that it runs; nobody waits for an idle one.
    this.#piscina.on('error', () => undefined)
    return this.#piscina
  }

  /**
   * Run one task.
   * @throws SkyError what the task threw; `cancelled` when the signal or `close` ended it; `internal` when its thread died
   */
  async run<Name extends keyof Tasks & string>(
    name: Name,
    input: TaskInput<Tasks[Name]>,
    options: RunOptions<TaskProgress<Tasks[Name]>> = {},
  ): Promise<TaskOutput<Tasks[Name]>> {
    const { signal, onProgress } = options
    if (this.#closed) throw new SkyError('cancelled', `${name} was cancelled`)
    const channel = onProgress ? new MessageChannel() : null
    channel?.port1.on('message', onProgress as (progress: unknown) => void)
    const call: TaskCall = { name, input, progress: channel?.port2 ?? null }
    let answer: TaskAnswer
    try {
      const transferList = channel ? [channel.port2] : []
      // One of its own for each task: many listeners on the caller's would look like a leak.
      const ended = signal ? AbortSignal.any([signal]) : null
      answer = await this.#threadPool().run(call, { transferList, signal: ended })
    } catch (thrown) {
      throw threadError(name, thrown, this.#closed || signal?.aborted === true)
    } finally {
      channel?.port1.close()
    }
    if (!answer.ok) throw fromErrorBody(answer.error)
    return answer.value as TaskOutput<Tasks[Name]>
  }

  /** End all threads at once; running tasks end as `cancelled`. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#piscina?.destroy()
  }
}

function threadError(name: string, thrown: unknown, wanted: boolean): SkyError {
  if (wanted) return new SkyError('cancelled', `${name} was cancelled`)
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const code = (thrown as { code?: unknown }).code
  const hint =
    code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'It needs more memory than there is: make it smaller.'
      : 'This is a defect of the program: please report it.'
  return new SkyError('internal', `the thread of ${name} ended: ${reason}`, hint)
}
