import { SkyError } from '#shared/contract/errors'

/**
 * How values are written into unit files (systemd.syntax, systemd.service, systemd.unit): each kind of setting has rules of its
 * own for quotes, `%` (specifiers) and `$` (variables). None of them may hold a line end.
 */

/** A setting that is one path up to the end of the line, such as WorkingDirectory=. */
export function singlePath(path: string): string {
  return specifiers(oneLine(path))
}

/** One path of a setting that takes several, such as ReadWritePaths=. */
export function listedPath(path: string): string {
  return quoted(specifiers(oneLine(path)))
}

/**
 * ExecStart=: a program and its arguments. A program whose path has quotes or backslashes, which systemd refuses there, is started
 * by a shell that becomes it.
 */
export function command([program, ...words]: readonly [string, ...string[]]): string {
  const byShell = /["'\\]/.test(program)
  const [first, ...rest] = byShell
    ? ['/bin/sh', '-c', 'exec "$0" "$@"', program, ...words]
    : [program, ...words]
  // Variables have no meaning in the program's own path.
  return [quoted(specifiers(oneLine(first))), ...rest.map(argument)].join(' ')
}

function argument(text: string): string {
  return quoted(specifiers(oneLine(text)).replaceAll('$', '$$$$'))
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%')
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function oneLine(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text
  throw new SkyError(
    'invalid_argument',
    `${JSON.stringify(text)} cannot be written into a unit file: it holds control characters`,
  )
}
