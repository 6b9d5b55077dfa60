import type { ConsoleApi, LogLine } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client, Handlers } from '#shared/contract/rpc'
import { presets } from '#shared/experiment/presets'
import { demoClient, type Emit } from './demo-client'
import { DemoChat } from './demo-chat'
import { DemoModelEngine } from './demo-model-engine'
import { DemoLab } from './demo-lab'
import { DemoReplay } from './demo-replay'
import { checkExperiment, DemoRuns } from './demo-runs'
import { DemoSsh, sshHandlers } from './ssh/demo-ssh'

const stepMs = 50

/**
 * A lab engine of made-up data for development and for tests of the window: it answers the whole contract and moves only when
 * `advance` is called. It is no part of the product: nothing that ships imports it.
 */
export class DemoEngine {
  readonly client: Client<ConsoleApi>
  readonly ssh: DemoSsh
  readonly chat: DemoChat
  readonly modelEngine: DemoModelEngine
  readonly #lab: DemoLab
  readonly #runs: DemoRuns
  readonly #replay: DemoReplay
  #now: number

  constructor(startAt: number) {
    this.#now = startAt
    const now = (): number => this.#now
    const emit: Emit = (event, payload) => connection.emit(event, payload)
    this.#lab = new DemoLab(now, emit)
    this.#runs = new DemoRuns(now, emit, this.#lab)
    this.#replay = new DemoReplay(now, emit)
    this.ssh = new DemoSsh(now, emit, (source, level, text) => this.say(source, level, text))
    this.chat = new DemoChat(this.ssh.clock, emit)
    this.modelEngine = new DemoModelEngine(this.ssh.clock, emit)
    const connection = demoClient(
      handlersOf(this.#lab, this.#runs, this.#replay, this.ssh, this.chat, this.modelEngine),
    )
    this.client = connection.client
  }

  /** Let time pass. */
  advance(ms: number): void {
    const until = this.#now + ms
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + stepMs)
      this.#runs.step()
      this.#replay.step()
      this.ssh.clock.step()
    }
  }

  crash(hostId: string): void {
    this.#lab.crash(hostId)
    this.#runs.event('host_lost', `${hostId} ended by signal SIGKILL`)
  }

  /** Cut a host off, or (null) let it be reached again. */
  cut(hostId: string, reason: string | null): void {
    this.ssh.access.setUnreachable(hostId, reason)
    if (reason === null) {
      this.#lab.find(hostId)
      this.#runs.event('host_returned', `${hostId} can be reached again`)
      return
    }
    this.ssh.terminals.lose(hostId, reason)
    this.#runs.event('host_lost', `${hostId} is unreachable: ${reason}`)
    this.#retry(hostId, reason, 0)
  }

  #retry(hostId: string, reason: string, attempts: number): void {
    const waitMs = Math.min(30_000, 1_000 * 2 ** attempts)
    this.#lab.lose(hostId, reason, attempts, this.#now + waitMs)
    this.ssh.clock.after(waitMs, () => {
      if (this.ssh.access.isUnreachable(hostId)) this.#retry(hostId, reason, attempts + 1)
    })
  }

  say(source: string, level: LogLine['level'], text: string): void {
    this.#lab.say(source, level, text)
  }
}

function handlersOf(
  lab: DemoLab,
  runs: DemoRuns,
  replay: DemoReplay,
  ssh: DemoSsh,
  chat: DemoChat,
  modelEngine: DemoModelEngine,
): Handlers<ConsoleApi> {
  const done = null
  return {
    info: () => ({
      version: '0.1.0',
      gitRevision: '35fc332',
      nodeVersion: '20.20.0',
      dataDirectory: '/home/lab/.local/share/skymemory-console',
      resultsDirectory: '/home/lab/skymemory/results',
    }),
    ...sshHandlers(ssh),
    labState: () => lab.state,
    startLab: ({ lab: name, slots, planes }) =>
      lab.start(slots, planes, name === 'local' ? null : ssh.requireReady(name)),
    stopLab: () => {
      runs.abandon()
      lab.stop()
      return done
    },
    restartHost: ({ hostId }) => {
      lab.restart(hostId)
      runs.event('host_returned', `${hostId} is back`)
      return done
    },
    setSatelliteFailed: ({ slot, plane, failed }) => {
      lab.setSatelliteFailed(slot, plane, failed)
      return done
    },
    setLinkFailed: ({ failed, ...link }) => {
      lab.setLinkFailed(link, failed)
      return done
    },
    constellation: () => lab.snapshot(runs.shown),
    satelliteDetail: ({ slot, plane }) => lab.detail(slot, plane, runs.shown),
    delayReport: () => ({ packets: 48_210, demandedMs: 402_114, achievedMs: 411_870, worstMs: 3.1 }),
    chatModels: ({ lab: name }) => (name === 'local' ? chat.models : []),
    servedModel: () => chat.served,
    localModels: () => chat.localModels(),
    addLocalModel: () => chat.add('added'),
    addRandomModel: () => chat.add('random-tiny'),
    removeLocalModel: ({ name }) => chat.remove(name),
    modelEngine: () => modelEngine.found,
    installModelEngine: (_, context) => modelEngine.install(context),
    chat: (request, context) => chat.chat(request, context),
    serveApi: async ({ parameters }) => {
      const url = parameters ? 'http://127.0.0.1:41871/v1' : null
      await chat.serve(parameters)
      lab.serveApi(url)
      return { url }
    },
    proveModel: () => {
      throw new SkyError('not_supported', 'There is no model here')
    },
    presets: () => [...presets],
    checkExperiment: ({ yaml }) => checkExperiment(yaml),
    startRun: ({ yaml, lab: chosen }) => ({ runId: runs.start(yaml, chosen) }),
    pauseRun: ({ runId }) => {
      runs.pause(runId)
      return done
    },
    resumeRun: ({ runId }) => {
      runs.resume(runId)
      return done
    },
    cancelRun: ({ runId }) => {
      runs.cancel(runId)
      return done
    },
    repeatTrial: ({ runId, trialId }) => {
      runs.repeat(runId, trialId)
      return done
    },
    runs: () => runs.list(),
    run: ({ runId }) => runs.detail(runId),
    requests: ({ runId, trialId, offset, limit }) => runs.requests(runId, trialId, offset, limit),
    request: ({ runId, trialId, requestId }) => runs.request(runId, trialId, requestId),
    timeline: ({ runId }) => runs.timeline(runId),
    exportRun: ({ runId, directory }) => ({
      directory: `${directory}/${runId}`,
      files: ['trials.csv', 'requests.csv', 'satellites.csv', 'timeline.csv', 'manifest.json'],
    }),
    deleteRun: ({ runId }) => {
      runs.remove(runId)
      return done
    },
    inspectTrace: ({ path }) => replay.inspect(path),
    startReplay: (question) => ({ replayId: replay.start(question) }),
    cancelReplay: () => {
      replay.cancel()
      return done
    },
    replay: () => replay.job,
    exportFigures: ({ directory }) => ({
      directory,
      files: ['latency-kvc-size.svg', 'latency-kvc-size.png'],
    }),
    recentLog: () => lab.log,
  }
}
