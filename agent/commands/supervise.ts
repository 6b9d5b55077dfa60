import { spawn } from 'node:child_process'
import { resolve as absolute } from 'node:path'
import { parseArgs } from 'node:util'
import { SkyError } from '#shared/contract/errors'
import { readAgentConfig } from '../config/read-config'
import { BoundedLog } from '../supervisor/bounded-log'
import { claimPidFile, supervisorOf } from '../supervisor/pid-file'
import { restartPolicy } from '../supervisor/restart-policy'
import { supervise as keepRunning } from '../supervisor/supervisor'
import { answer, exitCodes, messageOf, required, UsageError } from './say'

/** Time that the agent may take until it can be reached, with the waits of a supervisor that gives up, ms. */
const startLimitMs = 45_000
const shownLines = 20

interface SupervisedFiles {
  readonly config: string
  readonly log: string
  readonly pidFile: string
}

/** What the detached supervisor tells whoever started it, once. */
type StartReport = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string }

/** Keeps an agent running where there is no systemd: by a process of its own session, which outlives the one that starts it. */
export async function supervise(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      log: { type: 'string' },
      'pid-file': { type: 'string' },
      foreground: { type: 'boolean', default: false },
    },
  })
  const files: SupervisedFiles = {
    config: absolute(required(values.config, '--config')),
    log: absolute(required(values.log, '--log')),
    pidFile: absolute(required(values['pid-file'], '--pid-file')),
  }
  if (process.platform === 'win32')
    throw new UsageError('supervise is for hosts without systemd: not for Windows')
  await (values.foreground ? superviseHere(files) : superviseDetached(files))
}

/** Start the supervisor, and wait until its agent can be reached. */
async function superviseDetached(files: SupervisedFiles): Promise<void> {
  // What can be known before is told at once.
  readAgentConfig(files.config)
  const holder = supervisorOf(files.pidFile)
  if (holder !== null) {
    throw new SkyError('conflict', `the supervisor with process id ${holder} runs already (${files.pidFile})`)
  }
  const words = ['--config', files.config, '--log', files.log, '--pid-file', files.pidFile, '--foreground']
  const child = spawn(process.execPath, [...process.execArgv, entry(), 'supervise', ...words], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const report = await new Promise<StartReport>((resolve) => {
    const timer = setTimeout(() => {
      const message = `the agent cannot be reached after ${startLimitMs / 1000} s; see ${files.log}`
      resolve({ kind: 'failed', message })
    }, startLimitMs)
    const settle = (result: StartReport): void => {
      clearTimeout(timer)
      resolve(result)
    }
    child.once('message', (message) => settle(message as StartReport))
    child.once('error', (error) => settle({ kind: 'failed', message: error.message }))
    child.once('exit', (code, signal) => {
      settle({ kind: 'failed', message: `the supervisor ended (${signal ?? `exit code ${code}`})` })
    })
  })
  if (child.connected) child.disconnect()
  child.unref()
  if (report.kind === 'failed') throw new SkyError('provisioning_failed', report.message)
  answer({ supervisor: child.pid ?? null })
}

async function superviseHere(files: SupervisedFiles): Promise<void> {
  const told = new AbortController()
  process.on('SIGTERM', () => told.abort())
  process.on('SIGINT', () => told.abort())
  // The terminal or SSH session of whoever started it may end.
  process.on('SIGHUP', () => undefined)
  const tell = startReporter()
  let release: (() => void) | null = null
  try {
    const log = new BoundedLog(files.log)
    release = claimPidFile(files.pidFile)
    const end = await keepRunning(
      {
        command: [
          process.execPath,
          ...process.execArgv,
          entry(),
          '--config',
          files.config,
          '--exit-with-stdin',
        ],
        log,
        policy: restartPolicy,
        onReady: () => void tell({ kind: 'ready' }),
      },
      told.signal,
    )
    const lines = log.lastLines(shownLines).map(textOf)
    log.close()
    if (end === 'given_up') process.exitCode = exitCodes.failed
    await tell({ kind: 'failed', message: ['the agent does not stay up:', ...lines].join('\n') })
  } catch (thrown) {
    await tell({ kind: 'failed', message: messageOf(thrown) })
    throw thrown
  } finally {
    release?.()
  }
}

/** Sends the first report that it is given to whoever started this process, if anybody still listens. */
function startReporter(): (report: StartReport) => Promise<void> {
  let done = false
  return (report) =>
    new Promise((resolve) => {
      if (done || process.send === undefined || !process.connected) return resolve()
      done = true
      process.send(report, () => {
        if (process.connected) process.disconnect()
        resolve()
      })
    })
}

/** The bundle that this process runs. */
function entry(): string {
  return process.argv[1] ?? ''
}

/** The text of a line of the log; lines of crashes have no other form. */
function textOf(line: string): string {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && 'text' in value) return String(value.text)
  } catch {
    // Not JSON: as it is.
  }
  return line
}
