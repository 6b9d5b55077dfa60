/**
 * Tasks that run in worker threads. A task is a function of plain data (what structured clone can copy) to plain data, so
 * that its result does not depend on the thread, or on how many there are.
 */

export interface TaskContext<Progress> {
  /** Tell how far the task is. Reports that follow one another too closely are dropped. */
  report(this: void, progress: Progress): void
}

export type Task<Input, Output, Progress = never> = (
  input: Input,
  context: TaskContext<Progress>,
) => Output | Promise<Output>

/** Any set of named tasks. */
export type TaskMap = Readonly<Record<string, Task<never, unknown>>>

export type TaskInput<T> = T extends (input: infer Input, context: never) => unknown ? Input : never
export type TaskOutput<T> = T extends (...args: never) => infer Output ? Awaited<Output> : never
export type TaskProgress<T> = T extends (input: never, context: TaskContext<infer Progress>) => unknown
  ? Progress
  : never
