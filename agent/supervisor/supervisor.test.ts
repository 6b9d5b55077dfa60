import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BoundedLog } from './bounded-log'
import { claimPidFile, supervisorOf } from './pid-file'
import { afterFailure, restartPolicy, type RestartPolicy } from './restart-policy'
import { supervise } from './supervisor'

let directory: string
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'sky-supervisor-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const at = (name: string): string => join(directory, name)

describe('the policy of restarts', () => {
  test('waits twice as long each time, then gives up', () => {
    const times = [0, 1, 2, 3, 4]
    const next = times.map((now, i) => afterFailure(times.slice(0, i + 1), now, restartPolicy))
    expect(next).toEqual([
      { kind: 'start', waitMs: 500 },
      { kind: 'start', waitMs: 1_000 },
      { kind: 'start', waitMs: 2_000 },
      { kind: 'start', waitMs: 4_000 },
      { kind: 'give_up' },
    ])
  })

  test('never allows more starts in a window than it says, and never gives up on rare failures', () => {
    const run = fc.integer({ min: 0, max: 30_000 })
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 60 }), (runs) => {
        const starts: number[] = []
        let now = 0
        for (const lasted of runs) {
          starts.push(now)
          const inWindow = starts.filter((start) => now - start < restartPolicy.windowMs).length
          expect(inWindow).toBeLessThanOrEqual(restartPolicy.starts)
          now += lasted
          const next = afterFailure(starts, now, restartPolicy)
          if (next.kind === 'give_up') return
          now += next.waitMs
        }
      }),
    )
    const rare = Array.from({ length: 50 }, (_, i) => i * 20_000)
    expect(afterFailure(rare, 50 * 20_000, restartPolicy).kind).toBe('start')
  })
})

describe('the log of bounded size', () => {
  test('becomes its own predecessor when it is full, cut between lines', () => {
    const log = new BoundedLog(at('log/agent.log'), 100)
    for (let i = 0; i < 50; i++) log.write(`line ${i}\n`)
    const [now, before] = [
      readFileSync(at('log/agent.log'), 'utf8'),
      readFileSync(at('log/agent.log.1'), 'utf8'),
    ]
    expect(before.endsWith('\n')).toBe(true)
    expect(
      `${before}${now}`
        .split('\n')
        .filter((line) => line !== '')
        .at(-1),
    ).toBe('line 49')
    expect(now.length + before.length).toBeLessThan(300)
    expect(log.lastLines(2)).toEqual(['line 48', 'line 49'])
    log.close()
  })

  test('is bounded when no line ends, and when its folder is gone', () => {
    const log = new BoundedLog(at('log/agent.log'), 100)
    for (let i = 0; i < 100; i++) log.write('0123456789')
    expect(statSync(at('log/agent.log')).size).toBeLessThanOrEqual(200)
    rmSync(at('log'), { recursive: true })
    for (let i = 0; i < 100; i++) log.write('0123456789\n')
    expect(log.lastLines(1)).toEqual(['0123456789'])
    log.close()
  })

  test('goes on where an earlier process ended', () => {
    new BoundedLog(at('a.log')).write('one\n')
    new BoundedLog(at('a.log')).write('two\n')
    expect(readFileSync(at('a.log'), 'utf8')).toBe('one\ntwo\n')
  })
})

describe.skipIf(process.platform === 'win32')('the pid file', () => {
  test('appears whole and goes when it is released', () => {
    const release = claimPidFile(at('run/s.pid'))
    expect(readFileSync(at('run/s.pid'), 'utf8')).toBe(`${process.pid}\n`)
    release()
    expect(existsSync(at('run/s.pid'))).toBe(false)
  })

  test.each([
    ['of a process that is gone', String(spawnSync(process.execPath, ['-e', '']).pid)],
    ['of another program, after a reboot', '1'],
    ['without a number', 'garbage'],
    ['that is empty', ''],
  ])('%s is replaced', (_what, text) => {
    writeFileSync(at('s.pid'), text)
    expect(supervisorOf(at('s.pid'))).toBeNull()
    claimPidFile(at('s.pid'))()
  })

  test('of somebody else stays when this process releases its own', () => {
    const release = claimPidFile(at('s.pid'))
    writeFileSync(at('s.pid'), '1\n')
    release()
    expect(readFileSync(at('s.pid'), 'utf8')).toBe('1\n')
  })
})

describe('the supervisor', () => {
  const quick: RestartPolicy = { firstWaitMs: 1, starts: 3, windowMs: 60_000 }
  const never = new AbortController().signal

  async function supervised(program: string, signal = never, onReady = (): void => undefined) {
    const log = new BoundedLog(at('agent.log'))
    const command = [process.execPath, '-e', program] as const
    const end = await supervise({ command: [...command], log, policy: quick, onReady }, signal)
    log.close()
    return { end, text: readFileSync(at('agent.log'), 'utf8') }
  }

  test('gives up on an agent that fails at once each time, with its last words in the log', async () => {
    const { end, text } = await supervised(`console.error('no memory for it'); process.exit(7)`)
    expect(end).toBe('given_up')
    expect(text.match(/no memory for it/g)).toHaveLength(3)
    expect(text).toContain('failed with exit code 7; it is not started again after 3 starts in 60 s')
  })

  test('says which signal killed an agent', async () => {
    const { text } = await supervised(`process.kill(process.pid, 'SIGKILL')`)
    expect(text).toContain('was killed by SIGKILL')
  })

  test('ends with an agent that ends as it should', async () => {
    expect((await supervised('')).end).toBe('ended')
  })

  test('says that a program is not there', async () => {
    const log = new BoundedLog(at('agent.log'))
    const end = await supervise(
      { command: ['/nowhere'], log, policy: quick, onReady: () => undefined },
      never,
    )
    expect(end).toBe('given_up')
    expect(log.lastLines(1).join()).toContain('ENOENT')
  })

  test('ends its agent when it is told to, also while it waits for the next start', async () => {
    const abort = new AbortController()
    const running = `console.log('{"ready":true}'); setInterval(() => {}, 1e6)`
    const { end } = await supervised(running, abort.signal, () => abort.abort())
    expect(end).toBe('ended')
    const later = new AbortController()
    const log = new BoundedLog(at('agent.log'))
    const slow = { ...quick, firstWaitMs: 3_600_000 }
    const command: [string, ...string[]] = [process.execPath, '-e', 'console.error("x"); process.exit(1)']
    const waiting = supervise({ command, log, policy: slow, onReady: () => undefined }, later.signal)
    while (!log.lastLines(1).join().includes('started again in')) await new Promise(setImmediate)
    later.abort()
    expect(await waiting).toBe('ended')
  })
})
