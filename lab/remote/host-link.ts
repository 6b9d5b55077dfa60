import { setTimeout as sleep } from 'node:timers/promises'
import type { Hello } from '#shared/contract/agent-control'
import { SkyError, toErrorBody, type ErrorCode } from '#shared/contract/errors'
import type { AgentLink } from './agent-link'
import { backoffMs } from './backoff'

/** There is no connection. */
export interface Away {
  /** Unix ms. */
  readonly since: number
  /** Attempts that have failed. */
  readonly attempts: number
  /** Null = one is being made. */
  readonly nextAttemptAt: number | null
  readonly reason: string
}

/** Who is told what becomes of a connection. `lost`: the agent to which there was one. */
export interface LinkWatcher {
  /** Not told while no agent runs. */
  onAway(away: Away): void
  /** The machine answers, and no agent does: told after every attempt that found that. */
  onNoAgent(lost: Hello, isFirst: boolean): Promise<void>
  /**
   * An agent answers. The connection is used when this resolves, and what it resolves with is called then; where it rejects, another
   * attempt is made.
   * @param wasDown no agent answered in between
   */
  onFound(link: AgentLink, lost: Hello, wasDown: boolean): Promise<() => void>
}

/** What `open` says when the machine was reached. */
const noAgent: readonly ErrorCode[] = ['host_down', 'not_installed']

/** The connection to one agent, which is opened again whenever it is lost, for as long as it takes. */
export class HostLink {
  readonly #open: (signal: AbortSignal) => Promise<AgentLink>
  readonly #watcher: LinkWatcher
  readonly #ending = new AbortController()
  #current: AgentLink | null = null
  /** Ends the wait before the next attempt. */
  #hurry = new AbortController()
  readonly #waiting = new Set<() => void>()

  constructor(open: (signal: AbortSignal) => Promise<AgentLink>, watcher: LinkWatcher) {
    this.#open = open
    this.#watcher = watcher
  }

  get current(): AgentLink | null {
    return this.#current
  }

  /** Use this connection until it is lost. */
  use(link: AgentLink): void {
    this.#current = link
    void link.closed.then(() => {
      if (this.#current !== link) return
      this.#current = null
      void this.#openAgain(link.hello)
    })
    this.wake()
  }

  /** Make the next attempt now. */
  tryNow(): void {
    this.#hurry.abort()
  }

  /** Resolves with the next connection, when `wake` is called, or with the signal. */
  nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** Something else has changed that those want to know who wait for a connection. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** No attempt is made any more. */
  close(): void {
    this.#ending.abort()
    const link = this.#current
    this.#current = null
    link?.close()
    this.wake()
  }

  async #openAgain(lost: Hello): Promise<void> {
    const since = Date.now()
    let reason = 'the connection was lost'
    let wasDown = false
    for (let attempt = 1; !this.#ending.signal.aborted; attempt++) {
      const waitMs = backoffMs(attempt)
      const away = { since, attempts: attempt - 1, reason }
      if (!wasDown) this.#watcher.onAway({ ...away, nextAttemptAt: Date.now() + waitMs })
      await this.#pause(waitMs)
      if (this.#ending.signal.aborted) return
      if (!wasDown) this.#watcher.onAway({ ...away, nextAttemptAt: null })
      let link: AgentLink | null = null
      try {
        link = await this.#open(this.#ending.signal)
        const told = await this.#watcher.onFound(link, lost, wasDown)
        this.use(link)
        told()
        return
      } catch (thrown) {
        link?.close()
        reason = toErrorBody(thrown).message
        if (!(thrown instanceof SkyError) || !noAgent.includes(thrown.code)) continue
        await this.#watcher.onNoAgent(lost, !wasDown)
        wasDown = true
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#hurry = new AbortController()
    const signal = AbortSignal.any([this.#hurry.signal, this.#ending.signal])
    await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
}
