import { SkyError } from '#shared/contract/errors'

/** Wrong words on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const exitCodes = { ok: 0, failed: 1, usage: 2, notRunning: 3 } as const

/** One JSON object a line: what programs read. */
export function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof SkyError && thrown.hint !== '') return `${thrown.message}. ${thrown.hint}`
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** @throws UsageError */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new UsageError(`${option} is missing`)
  return value
}
