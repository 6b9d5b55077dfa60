import { SkyError } from '#shared/contract/errors'
import type { SshConnector, SshSession } from './ssh-session'

/** A connection that nobody uses is kept so long for the next one, ms: logging in costs more than waiting. */
const lingerMs = 60_000

interface Shared {
  readonly session: Promise<SshSession>
  users: number
  timer: NodeJS.Timeout | null
}

/**
 * One SSH connection a host, whoever wants one: control, terminals, logs, provisioning. `close` of a session that came from here
 * gives it back; the connection ends some time after the last one did.
 */
export class SharedSessions implements SshConnector {
  readonly #connector: SshConnector
  readonly #shared = new Map<string, Shared>()

  constructor(connector: SshConnector) {
    this.#connector = connector
  }

  async connect(host: string, signal?: AbortSignal): Promise<SshSession> {
    // Whoever gives up waiting does not end the connection of the others.
    if (signal?.aborted) throw notWanted(host)
    const shared = this.#shared.get(host) ?? this.#open(host)
    shared.users += 1
    if (shared.timer) clearTimeout(shared.timer)
    shared.timer = null
    try {
      return lease(await untilAborted(shared.session, host, signal), () => this.#release(host, shared))
    } catch (thrown) {
      this.#release(host, shared)
      throw thrown
    }
  }

  /** End all connections, also those in use: whoever uses one is told that it is lost. */
  close(): void {
    for (const [host, { session, timer }] of this.#shared) {
      if (timer) clearTimeout(timer)
      this.#shared.delete(host)
      void session.then(
        (open) => open.close(),
        () => undefined,
      )
    }
  }

  #open(host: string): Shared {
    const forget = (): void => {
      if (this.#shared.get(host) === shared) this.#shared.delete(host)
    }
    const session = this.#connector.connect(host).then((open) => {
      open.onLost(forget)
      return open
    })
    const shared: Shared = { session, users: 0, timer: null }
    session.catch(forget)
    this.#shared.set(host, shared)
    return shared
  }

  #release(host: string, shared: Shared): void {
    shared.users -= 1
    if (shared.users > 0) return
    const end = (): void => {
      if (this.#shared.get(host) === shared) this.#shared.delete(host)
      void shared.session.then(
        (open) => open.close(),
        () => undefined,
      )
    }
    if (this.#shared.get(host) !== shared) return end()
    shared.timer = setTimeout(end, lingerMs)
    shared.timer.unref()
  }
}

/** The session, but for its end. */
function lease(session: SshSession, release: () => void): SshSession {
  let isReleased = false
  const stops = new Set<() => void>()
  return {
    host: session.host,
    user: session.user,
    serverVersion: session.serverVersion,
    run: (...args) => session.run(...args),
    script: (...args) => session.script(...args),
    start: (...args) => session.start(...args),
    shell: (...args) => session.shell(...args),
    connectToUnixSocket: (...args) => session.connectToUnixSocket(...args),
    upload: (...args) => session.upload(...args),
    onLost: (listener) => {
      const stop = session.onLost(listener)
      stops.add(stop)
      return () => {
        stops.delete(stop)
        stop()
      }
    },
    close: () => {
      if (isReleased) return
      isReleased = true
      for (const stop of stops) stop()
      release()
    },
  }
}

function notWanted(host: string): SkyError {
  return new SkyError('cancelled', `The connection to ${host} is not wanted any more`)
}

function untilAborted<T>(promise: Promise<T>, host: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(notWanted(host))
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
