import { availableParallelism } from 'node:os'
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { fromErrorBody, SkyError } from '#shared/contract/errors'
import type { TaskInput, TaskMap, TaskOutput, TaskProgress } from './task'
import { workerExport, type TaskAnswer, type TaskCall } from './task-call'

export interface WorkerPoolOptions {
  /** The bundled file of the workers (out/workers/skymemory-worker.mjs); it exports `run`, made by `answerTasks`. */
  readonly workerEntry: string
  /** Threads at most; as many as the machine runs at a time unless told otherwise. They start when they are needed. */
  readonly threads?: number
  /** Heap of each thread at most, MB; Node's own limit unless told otherwise. */
  readonly heapLimitMb?: number
}

export interface RunOptions<Progress> {
  /** Ends the task at once, wherever it is; its thread is replaced. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Idle threads end after this time, ms: a desktop app that has simulated once need not keep their memory. */
const idleTimeoutMs = 5_000

/** Worker threads that run the tasks `Tasks`; what is asked beyond the number of threads waits its turn. */
export class WorkerPool<Tasks extends TaskMap> {
  readonly threads: number
  readonly #piscina: Piscina<TaskCall, TaskAnswer>
  #closed = false

  constructor({ workerEntry, threads = availableParallelism(), heapLimitMb }: WorkerPoolOptions) {
    this.threads = threads
    this.#piscina = new Piscina<TaskCall, TaskAnswer>({
      filename: workerEntry,
      name: workerExport,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: idleTimeoutMs,
      // A thread that waits in Atomics.wait() could not answer anything else.
      atomics: 'disabled',
      execArgv: [],
      ...(heapLimitMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapLimitMb } }),
    })
    // Errors of a thread reject the task that it runs; nobody waits for an idle one.
    this.#piscina.on('error', () => undefined)
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
      answer = await this.#piscina.run(call, { transferList, signal: signal ?? null })
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
    await this.#piscina.destroy()
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
