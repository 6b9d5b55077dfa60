import type { inferenceControl } from '#shared/contract/agent-control'
import { type Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { Emitter, Handlers } from '#shared/contract/rpc'
import type { JournalEntry } from '#shared/experiment/records'
import type { ApiServer } from '../inference/api/api-server'
import type { InferenceHost } from '../inference/inference-host'
import type { MachineWatch } from '../telemetry/machine-watch'
import { prove } from '../inference/proof/prove'
import { answerChat } from './chat-handler'
import { tellTime } from './clock-handler'
import { cpuSeconds } from './satellite-handlers'
import { WhileConnected } from './while-connected'

/** Entries in one notification: large enough to be cheap, small enough to be read at once. */
const entriesPerBatch = 200

export interface ControlConnection {
  emit: Emitter<typeof inferenceControl>['emit']
  onClose(listener: () => void): void
}

/** The control methods of the inference host, for one connection. */
export function inferenceHandlers(
  host: InferenceHost,
  api: ApiServer,
  machine: MachineWatch,
  hello: () => Hello,
  shutdown: () => void,
  connection: ControlConnection,
): Handlers<typeof inferenceControl> {
  const subscription = new RecordSubscription(host, connection)
  const connected = new WhileConnected(connection)
  const requireTrial = () => {
    if (host.trial === null) throw new SkyError('conflict', 'no trial is running on the inference host')
    return host.trial
  }
  return {
    hello,
    configure: (topology) => {
      host.configure(topology)
      return null
    },
    setFailures: (failures) => {
      host.setFailures(failures)
      return null
    },
    clock: tellTime,
    loadDocuments: ({ from, documents }) => ({ documents: host.loadDocuments(from, documents) }),
    startTrial: async (spec) => {
      if (!host.knows(spec.trialKey)) await api.stop()
      return host.startTrial(spec)
    },
    pauseTrial: () => {
      requireTrial().pause()
      return null
    },
    resumeTrial: () => {
      requireTrial().resume()
      return null
    },
    abortTrial: () => {
      host.trial?.abort()
      return null
    },
    trialStatus: () => host.trialStatus(),
    subscribeRecords: ({ trialKey, afterSeq }) => {
      subscription.start(trialKey, afterSeq)
      return null
    },
    acknowledge: ({ trialKey, seq }) => {
      host.journal(trialKey).acknowledge(seq)
      return null
    },
    status: ({ telemetry }) => ({
      delay: host.roundTrips(),
      peersConnected: host.transport.connectedPeers(),
      bytesInFlight: host.bytesInFlight,
      rssBytes: process.memoryUsage.rss(),
      cpuS: cpuSeconds(),
      telemetry: telemetry ? machine.telemetry() : null,
      apiUrl: api.url,
      model: host.model,
    }),
    serveApi: async ({ parameters, port }) => {
      await api.stop()
      if (parameters === null) return { url: null }
      if (host.trialRunning) {
        throw new SkyError(
          'conflict',
          'a trial is running on the inference host',
          'Serve the API after it has ended.',
        )
      }
      return { url: await api.start(await host.openModel(parameters), port) }
    },
    openModel: async ({ parameters }) => {
      if (host.trialRunning) {
        throw new SkyError('conflict', 'a trial is running on the inference host', 'Wait for its end.')
      }
      await api.stop()
      return (await host.openModel(parameters)).engine.facts
    },
    prove: (request, context) =>
      connected.call(context, (wanted) => {
        const end = new AbortController()
        wanted.onCancelled(() => end.abort())
        return prove(host.requireModel(), request, end.signal)
      }),
    rotate: () => {
      const { kvc } = host.requireModel()
      if (kvc === null) throw new SkyError('conflict', 'nothing rotates without a cache')
      return kvc.rotate()
    },
    chat: (chat, context) =>
      connected.call(context, (wanted) =>
        answerChat(api.served, chat, wanted, (progress) =>
          connection.emit('chatProgress', { chatId: chat.chatId, progress }),
        ),
      ),
    shutdown: () => {
      setImmediate(shutdown)
      return null
    },
  }
}

/** Sends a trial's journal to one console: first what it holds, then what is added, batched by turns of the event loop. */
class RecordSubscription {
  readonly #host: InferenceHost
  readonly #connection: ControlConnection
  #stop: (() => void) | null = null

  constructor(host: InferenceHost, connection: ControlConnection) {
    this.#host = host
    this.#connection = connection
    connection.onClose(() => this.#stop?.())
  }

  start(trialKey: string, afterSeq: number): void {
    this.#stop?.()
    const journal = this.#host.journal(trialKey)
    let pending: JournalEntry[] = journal.entriesAfter(afterSeq)
    let scheduled = false
    const flush = (): void => {
      scheduled = false
      for (let first = 0; first < pending.length; first += entriesPerBatch) {
        this.#connection.emit('records', { trialKey, entries: pending.slice(first, first + entriesPerBatch) })
      }
      pending = []
    }
    const schedule = (): void => {
      if (!scheduled) setImmediate(flush)
      scheduled = true
    }
    this.#stop = this.#host.onEntry((key, entry) => {
      if (key !== trialKey) return
      pending.push(entry)
      schedule()
    })
    if (pending.length > 0) schedule()
  }
}
