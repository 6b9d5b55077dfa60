import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { SetupError } from './say.mjs'

/** How many of the last characters of a command's output are kept for an error message, unless told otherwise. */
const usualOutput = 6000

/**
 * @typedef {object} Outcome
 * @property {number} code 0 on success; 128 + signal when a signal ended it; 124 when the time limit did
 * @property {string} output the last part of stdout and stderr together
 * @property {string} stdout all of stdout
 */

/**
 * Run a command with its output captured. Does not throw when the command fails, only when it cannot start.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitS?: number, shell?: boolean, keepOutput?: number }} [options]
 * @returns {Promise<Outcome>}
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      shell: options.shell ?? false,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keptOutput = options.keepOutput ?? usualOutput
    let output = ''
    let stdout = ''
    let timedOut = false
    const timer =
      options.limitS === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            child.kill('SIGKILL')
          }, options.limitS * 1000)
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      output = (output + text).slice(-keptOutput)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-keptOutput)
    })
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(new SetupError(`${command} could not be started: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: timedOut ? 124 : exitCodeOf(code, signal), output, stdout })
    })
  })
}

/**
 * Run a command on this terminal, pass on the signals that this process gets, and resolve with its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function passThrough(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'inherit',
    })
    // The terminal sends Ctrl+C to the whole group; the command decides when to end, this process waits for it.
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of signals) process.on(signal, forward)
    const done = () => {
      for (const signal of signals) process.off(signal, forward)
    }
    child.on('error', (error) => {
      done()
      reject(new SetupError(`${command} could not be started: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      done()
      resolve(exitCodeOf(code, signal))
    })
  })
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function exitCodeOf(code, signal) {
  return code ?? (signal === null ? 1 : 128 + constants.signals[signal])
}
