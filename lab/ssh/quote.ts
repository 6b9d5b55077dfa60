import { SkyError } from '#shared/contract/errors'

/** Linux takes one argument of at most 128 KiB, with a closing zero; the login shell gets the whole command as one. */
export const longestCommandBytes = 128 * 1024 - 1

/**
 * A word that sh, bash, dash, zsh, ksh and fish all read as exactly this text.
 * Between single quotes they agree on everything but `'` and `\`: those two stand outside, behind a backslash.
 */
export function quoteWord(word: string): string {
  return `'${word.replaceAll(/['\\]/g, (sign) => `'\\${sign}'`)}'`
}

/**
 * A command line that runs a program with these arguments and nothing else, whatever they hold.
 * `exec`: the program takes the shell's place, so that signals reach it.
 * @throws SkyError `invalid_argument` for zero bytes and for what no shell can take
 */
export function commandLine(argv: readonly string[]): string {
  const [program] = argv
  if (program === undefined || program === '')
    throw new SkyError('invalid_argument', 'There is no program to run')
  const withZero = argv.find((word) => word.includes('\0'))
  if (withZero !== undefined) {
    throw new SkyError(
      'invalid_argument',
      `An argument of ${JSON.stringify(program)} holds a zero byte: ${JSON.stringify(withZero)}`,
      'No program can be given one: leave it out.',
    )
  }
  const line = `exec ${argv.map(quoteWord).join(' ')}`
  const bytes = Buffer.byteLength(line)
  if (bytes > longestCommandBytes) {
    throw new SkyError(
      'invalid_argument',
      `The command ${JSON.stringify(program)} has ${bytes} bytes; a shell takes at most ${longestCommandBytes}`,
      'Send long values through its standard input or as a file.',
    )
  }
  return line
}

/** The command line of a POSIX shell script with arguments `$1`, `$2` ... */
export function scriptLine(script: string, args: readonly string[]): string {
  return commandLine(['/bin/sh', '-c', script, 'sh', ...args])
}
