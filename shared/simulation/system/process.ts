/** Something to wait for: calls `resume` once, at once or later. */
export type Wait<T> = (resume: (value: T) => void) => void

/** A course of events written as a generator: it yields what it waits for. */
export type Process<T> = Generator<Wait<unknown>, T, unknown>

/** Wait inside a process: `const answer = yield* waitFor<Answer>(...)`. */
export function* waitFor<T>(wait: Wait<T>): Process<T> {
  return (yield wait) as T
}

/** Runs a process to its end, as far as it does not have to wait; then calls `done`. */
export function runProcess<T>(process: Process<T>, done: (value: T) => void = () => undefined): void {
  const resume = (value: unknown): void => {
    const step = process.next(value)
    if (step.done === true) done(step.value)
    else step.value(resume)
  }
  resume(undefined)
}

/** A process that has begun and whose end others may wait for. */
export class Running<T> {
  #result: { readonly value: T } | null = null
  readonly #waiting: ((value: T) => void)[] = []

  constructor(process: Process<T>) {
    runProcess(process, (value) => {
      this.#result = { value }
      for (const resume of this.#waiting.splice(0)) resume(value)
    })
  }

  *wait(): Process<T> {
    if (this.#result !== null) return this.#result.value
    return yield* waitFor<T>((resume) => this.#waiting.push(resume))
  }
}
