import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { isStorageError } from '../store/storage-errors'

/**
 * Holds whoever must store something while storing is not possible.
 *
 * A full disk must not lose a record or end a run: the work waits here, the run pauses with the reason, and goes on
 * with the same work once `retry` finds the storage usable again.
 */
export class StorageGate {
  readonly #reopen: () => Promise<void>
  readonly #onBlocked: (reason: ErrorBody) => void
  #reason: ErrorBody | null = null
  #waiting: { resume: () => void; fail: (error: SkyError) => void }[] = []
  #abandoned: SkyError | null = null

  constructor(reopen: () => Promise<void>, onBlocked: (reason: ErrorBody) => void) {
    this.#reopen = reopen
    this.#onBlocked = onBlocked
  }

  get reason(): ErrorBody | null {
    return this.#reason
  }

  /** Do this storing, however often it takes. @throws SkyError whatever is no storage error; the given one once abandoned */
  async run<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#reason && !this.#abandoned) await this.#wait()
      try {
        return await work()
      } catch (thrown) {
        if (!(thrown instanceof SkyError) || !isStorageError(thrown)) throw thrown
        if (this.#abandoned) throw this.#abandoned
        this.#block(toErrorBody(thrown))
      }
    }
  }

  /** Try the storage again. @throws SkyError `storage_*` when it is still not usable: all goes on waiting */
  async retry(): Promise<void> {
    if (!this.#reason) return
    try {
      await this.#reopen()
    } catch (thrown) {
      this.#reason = toErrorBody(thrown)
      throw thrown
    }
    this.#reason = null
    for (const { resume } of this.#waiting.splice(0)) resume()
  }

  /** The run was cancelled or the program ends: nothing waits any more, what can be stored at once still is. */
  abandon(why: SkyError): void {
    this.#abandoned = why
    for (const { fail } of this.#waiting.splice(0)) fail(why)
  }

  #block(reason: ErrorBody): void {
    const first = this.#reason === null
    this.#reason = reason
    if (first) this.#onBlocked(reason)
  }

  #wait(): Promise<void> {
    return new Promise((resume, fail) => this.#waiting.push({ resume, fail }))
  }
}
