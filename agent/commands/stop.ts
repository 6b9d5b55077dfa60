import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { supervisorOf } from '../supervisor/pid-file'
import { answer, required } from './say'

/** A supervisor gives its agent a third of this time to end, ms. */
const stopLimitMs = 15_000
const pollMs = 50

/** Ends the supervisor of a pid file and its agent, and waits until they are gone. */
export async function stop(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { 'pid-file': { type: 'string' } } })
  const path = resolve(required(values['pid-file'], '--pid-file'))
  const pid = supervisorOf(path)
  if (pid !== null) {
    process.kill(pid, 'SIGTERM')
    const deadline = performance.now() + stopLimitMs
    while (supervisorOf(path) === pid && performance.now() < deadline) await sleep(pollMs)
    // Its agent ends by itself then: its standard input does.
    if (supervisorOf(path) === pid) process.kill(pid, 'SIGKILL')
  }
  answer({ stopped: pid })
}
