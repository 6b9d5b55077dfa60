/**
 * What the scripts tell the user goes to stderr: stdout belongs to the command that they run.
 */

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** A failure that the user can act upon: it is printed without a stack. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError'
}

/**
 * Run a script's main function; print what went wrong and set the exit code.
 * @param {() => Promise<number | void>} main resolves with the exit code
 */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (thrown) {
    if (thrown instanceof SetupError) say(`\n${thrown.message}`)
    else console.error(thrown)
    process.exitCode = 1
  }
}
