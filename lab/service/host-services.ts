import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceState } from '#shared/contract/host-api'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { LabAccess } from '../inventory/lab-access'
import { LineSplitter } from '../local/line-splitter'
import { shownLogLine } from '../local/shown-log-line'
import { askAgent } from '../provisioning/apply/ask-agent'
import type { ConsoleLock, ConsoleLocks } from '../provisioning/console-lock'
import { openHostShell } from '../provisioning/open-host-shell'
import type { HostShell } from '../provisioning/host-shell'
import {
  asOwner,
  controlService,
  followLines,
  newestLines,
  serviceRunning,
  type ServiceSubject,
} from '../provisioning/services/service-control'
import { findInstallation, type FoundInstallation } from '../remote/find-installation'
import type { SecretSource } from '../secrets/secret'
import type { RemoteProcess, SshSession } from '../ssh/ssh-session'

/** Lines of the log that are there at once when somebody begins to follow it. */
const firstLines = 200
/** Lines of a log are told together, ms; beyond so many lines in that time the rest is left out, and said so. */
const gatherMs = 200
const mostLines = 500
/** Time that an agent may take from its start to its first answer, ms. */
const answerLimitMs = 30_000
const answerPollMs = 150

export interface HostServicesOptions {
  readonly access: LabAccess
  readonly secrets: SecretSource
  /** Who uses this console, such as ada@laptop: noted where an agent is stopped. */
  readonly who: () => Promise<string>
  readonly locks: ConsoleLocks
  readonly onLog: (log: { lab: string; host: string; lines: string[] }) => void
  /** Following has ended by itself. */
  readonly onLogEnded: (end: { lab: string; host: string; reason: string }) => void
}

interface Following {
  readonly session: SshSession
  readonly process: RemoteProcess
}

/** The services of agents on hosts, as a host's page shows and controls them. */
export class HostServices {
  readonly #options: HostServicesOptions
  readonly #followed = new Map<string, Promise<Following>>()

  constructor(options: HostServicesOptions) {
    this.#options = options
  }

  state(lab: string, host: string): Promise<ServiceState> {
    return this.#on(lab, host, (shell, found) => stateOf(shell, lab, found))
  }

  /**
   * What was started is waited for until it answers or has failed.
   * @param force also while another console uses the lab
   * @throws SkyError `not_installed`, `lab_held`, `provisioning_failed` and those of root's rights
   */
  control(
    lab: string,
    host: string,
    action: 'start' | 'stop' | 'restart',
    force: boolean,
  ): Promise<ServiceState> {
    return this.#on(lab, host, async (shell, found) => {
      if (!found) throw notInstalled(lab, host)
      const lock = await this.#hold(shell, lab, host, found, force)
      try {
        await controlService(shell, subjectOf(lab, found), action, { by: await this.#options.who() })
        return await (action === 'stop' ? stateOf(shell, lab, found) : startedState(shell, lab, found))
      } finally {
        await lock?.release()
      }
    })
  }

  /** What is needed to control a service is asked for now, not in the middle of something. @throws SkyError `not_installed` and those of root's rights */
  requireControl(lab: string, host: string): Promise<void> {
    return this.#on(lab, host, async (shell, found) => {
      if (!found) throw notInstalled(lab, host)
      await asOwner(shell, found.installation.service, ':', [])
    })
  }

  /**
   * Another console would lose what its satellites store, and perhaps its trial. Nothing else keeps anybody from stopping an agent, such as a
   * full disk on which there can be no lock.
   */
  async #hold(
    shell: HostShell,
    lab: string,
    host: string,
    { installation, layout }: FoundInstallation,
    force: boolean,
  ): Promise<ConsoleLock | null> {
    try {
      return await this.#options.locks.hold({
        lab,
        host,
        file: layout.consoleLock,
        start: (script, args) =>
          installation.service === 'system'
            ? shell.startAsRoot(script, args)
            : shell.startAsUser(script, args),
      })
    } catch (thrown) {
      if (!(thrown instanceof SkyError)) throw thrown
      switch (thrown.code) {
        case 'lab_held':
          if (force) return null
          throw thrown
        case 'host_disk_full':
        case 'host_not_writable':
        case 'timeout':
          return null
        default:
          throw thrown
      }
    }
  }

  /** The newest lines of its log, oldest first. @throws SkyError `not_installed` and those of root's rights */
  readLog(lab: string, host: string, lines: number): Promise<string[]> {
    return this.#on(lab, host, async (shell, found) => {
      if (!found) throw notInstalled(lab, host)
      return (await newestLines(shell, subjectOf(lab, found), lines)).map(shown)
    })
  }

  /** Tell the newest lines of its log, and what is added, until `unfollow`. @throws SkyError `not_installed` */
  async follow(lab: string, host: string): Promise<void> {
    const key = `${lab}/${host}`
    const following = this.#followed.get(key) ?? this.#follow(lab, host)
    this.#followed.set(key, following)
    try {
      await following
    } catch (thrown) {
      if (this.#followed.get(key) === following) this.#followed.delete(key)
      throw thrown
    }
  }

  async unfollow(lab: string, host: string): Promise<void> {
    const key = `${lab}/${host}`
    const following = this.#followed.get(key)
    this.#followed.delete(key)
    const open = await following?.catch(() => null)
    open?.process.kill()
    open?.session.close()
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#followed.keys()].map((key) => this.unfollow(...(key.split('/') as [string, string]))),
    )
  }

  async #follow(lab: string, host: string): Promise<Following> {
    const { access, secrets } = this.#options
    const session = await access.connector(lab).connect(host)
    try {
      const shell = await openHostShell(session, lab, secrets)
      const found = await findInstallation(session, lab)
      if (!found) throw notInstalled(lab, host)
      const process = await followLines(shell, subjectOf(lab, found), firstLines)
      const following = { session, process }
      this.#tell(lab, host, following)
      return following
    } catch (thrown) {
      session.close()
      throw thrown
    }
  }

  #tell(lab: string, host: string, { session, process }: Following): void {
    let lines: string[] = []
    let dropped = 0
    let timer: NodeJS.Timeout | null = null
    const flush = (): void => {
      timer = null
      if (dropped > 0) lines.push(`... ${dropped} more lines`)
      this.#options.onLog({ lab, host, lines })
      lines = []
      dropped = 0
    }
    const splitter = new LineSplitter((line) => {
      if (lines.length < mostLines) lines.push(shown(line))
      else dropped += 1
      timer ??= setTimeout(flush, gatherMs)
    })
    process.stdout.setEncoding('utf8').on('data', (text: string) => splitter.push(text))
    process.stderr.resume()
    const ended = async (reason: string): Promise<void> => {
      splitter.end()
      if (timer !== null) {
        clearTimeout(timer)
        flush()
      }
      session.close()
      const key = `${lab}/${host}`
      const present = await this.#followed.get(key)?.catch(() => null)
      // Whoever has ended it need not be told.
      if (present?.process !== process) return
      this.#followed.delete(key)
      this.#options.onLogEnded({ lab, host, reason })
    }
    process.exited.then(
      ({ exitCode }) => ended(`The log of ${host} ended with exit code ${exitCode ?? 'unknown'}`),
      (thrown: unknown) => ended(toErrorBody(thrown).message),
    )
  }

  async #on<T>(
    lab: string,
    host: string,
    work: (shell: HostShell, found: FoundInstallation | null) => Promise<T>,
  ): Promise<T> {
    const { access, secrets } = this.#options
    const session = await access.connector(lab).connect(host)
    try {
      return await work(await openHostShell(session, lab, secrets), await findInstallation(session, lab))
    } finally {
      session.close()
    }
  }
}

async function stateOf(
  shell: HostShell,
  lab: string,
  found: FoundInstallation | null,
): Promise<ServiceState> {
  if (!found) {
    return {
      installedVersion: null,
      previousVersion: null,
      service: null,
      state: 'not_installed',
      pid: null,
      nodeVersion: null,
      directory: '',
    }
  }
  const { installation, layout } = found
  const [{ state }, { hello }] = await Promise.all([
    serviceRunning(shell, subjectOf(lab, found)),
    askAgent(shell.session, layout),
  ])
  return {
    installedVersion: installation.version,
    previousVersion: installation.previousVersion,
    service: installation.service,
    state: hello ? 'running' : state === 'failed' ? 'failed' : 'stopped',
    pid: hello?.pid ?? null,
    nodeVersion: hello?.nodeVersion ?? installation.nodeVersion,
    directory: layout.directory,
  }
}

/** A unit that is started is active before its agent answers. */
async function startedState(shell: HostShell, lab: string, found: FoundInstallation): Promise<ServiceState> {
  const deadline = performance.now() + answerLimitMs
  for (;;) {
    const state = await stateOf(shell, lab, found)
    if (state.state !== 'stopped' || performance.now() > deadline) return state
    await sleep(answerPollMs)
  }
}

function subjectOf(lab: string, { installation, layout }: FoundInstallation): ServiceSubject {
  return { lab, service: installation.service, layout }
}

function notInstalled(lab: string, host: string): SkyError {
  return new SkyError(
    'not_installed',
    `No agent of the lab ${lab} is installed on ${host}`,
    `Install it: skymemory lab apply ${lab}`,
    { lab, host },
  )
}

/** A line as people read it, with its time and level where it has them. */
function shown(line: string): string {
  const { said, text } = shownLogLine(line)
  return said === null ? text : `${said.at} ${said.level} ${text}`
}
