import type { FileProblem } from '#shared/contract/problem'
import { toErrorBody } from '#shared/contract/errors'
import type { Terminal } from './terminal'

/** The error as the user reads it: what happened, its code, what to do next. */
export function printError(terminal: Terminal, thrown: unknown): void {
  const { code, message, hint } = toErrorBody(thrown)
  terminal.err(`error: ${message} [${code}]`)
  if (hint) terminal.err(`hint: ${hint}`)
}

/** One line a problem, as compilers write them: editors and people find the place. */
export function problemLine(file: string, problem: FileProblem): string {
  const { line, column, message, value, allowed } = problem
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`
  const quoted = value === '' ? '' : ` (${value})`
  return `${place}: ${message}${quoted}, allowed: ${allowed}`
}
