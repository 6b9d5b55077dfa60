import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../log'
import type { BoundedLog } from './bounded-log'
import { afterFailure, type RestartPolicy } from './restart-policy'

/** Time that an agent may take to end by itself, ms. */
const stopLimitMs = 5_000
/** What an agent prints when it can be reached. */
const readyLine = '{"ready":true}'

export interface SupervisorOptions {
  /** Program and arguments of the agent. */
  readonly command: readonly [string, ...string[]]
  readonly log: BoundedLog
  readonly policy: RestartPolicy
  /** The agent can be reached; called after every start. */
  readonly onReady: () => void
}

/** `ended`: the agent ended without a failure, or was told to; `given_up`: it failed too often in too short a time. */
export type SupervisionEnd = 'ended' | 'given_up'

/** Keeps an agent running until the signal is aborted: what systemd does where there is one. */
export async function supervise(options: SupervisorOptions, signal: AbortSignal): Promise<SupervisionEnd> {
  const say = createLog((line) => options.log.write(line))
  // The words of its end are looked for: see endingScript of lab/provisioning.
  say.info(`supervisor ${process.pid} begins`)
  const starts: number[] = []
  for (;;) {
    starts.push(performance.now())
    const failure = await runOnce(options, signal)
    if (signal.aborted || failure === null) {
      say.info(`supervisor ${process.pid} ends`)
      return 'ended'
    }
    const next = afterFailure(starts, performance.now(), options.policy)
    if (next.kind === 'give_up') {
      const { starts: count, windowMs } = options.policy
      say.error(`the agent ${failure}; it is not started again after ${count} starts in ${windowMs / 1000} s`)
      return 'given_up'
    }
    say.error(`the agent ${failure}; it is started again in ${next.waitMs / 1000} s`)
    await sleep(next.waitMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) {
      say.info(`supervisor ${process.pid} ends`)
      return 'ended'
    }
  }
}

/** @returns how the agent failed; null when it ended as it should */
async function runOnce(options: SupervisorOptions, signal: AbortSignal): Promise<string | null> {
  const [program, ...args] = options.command
  // Its standard input ends with this process, and the agent with it: nothing is left that nobody looks after.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (text: string) => options.log.write(text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes(readyLine)) options.onReady()
  })
  const onAbort = (): void => void end(child)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null]
    if (code === 0) return null
    return killedBy === null ? `failed with exit code ${code}` : `was killed by ${killedBy}`
  } catch (thrown) {
    return `could not be started: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  await once(child, 'close').catch(() => undefined)
  clearTimeout(timer)
}
