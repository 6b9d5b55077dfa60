import { createInterface } from 'node:readline'
import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { printable, quotedLine } from '#shared/text/printable'
import type { RemoteProcess } from '../ssh/ssh-session'
import type { ConsoleIdentity } from './console-identity'
import { lockScript } from './remote-scripts/lock-script'

/** What keeps other consoles from using a lab's host. */
export interface ConsoleLock {
  /** Resolves when the lock is gone without `release`: its connection was lost, or this console took it anew. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

export interface LockSubject {
  readonly lab: string
  readonly host: string
  /** `consoleLock` of the host's layout; its folder must be there. */
  readonly file: string
  /** Runs a script on the host, and leaves its standard input open. */
  readonly start: (script: string, args: readonly string[]) => Promise<RemoteProcess>
}

/** Time in which a host says whether the lock is free, ms: that of taking over a stale one and more. */
const answerLimitMs = 20_000
const releaseLimitMs = 5_000

interface Shared {
  readonly lock: Promise<ConsoleLock>
  users: number
}

/**
 * The locks of one console. Whoever uses the same host of a lab within this console shares one lock; it is released by the last one.
 * A lock ends with its connection, whatever becomes of the console.
 */
export class ConsoleLocks {
  readonly #identity: () => Promise<ConsoleIdentity>
  readonly #held = new Map<string, Shared>()

  constructor(identity: () => Promise<ConsoleIdentity>) {
    this.#identity = identity
  }

  /** @throws SkyError `lab_held` with who and since when, `host_not_writable`, `timeout` */
  async hold(subject: LockSubject): Promise<ConsoleLock> {
    const key = `${subject.lab} ${subject.host}`
    const shared: Shared = this.#held.get(key) ?? { lock: this.#take(subject), users: 0 }
    this.#held.set(key, shared)
    shared.users++
    const forget = (): void => {
      if (this.#held.get(key) === shared) this.#held.delete(key)
    }
    try {
      const lock = await shared.lock
      void lock.lost.then(forget)
      let released = false
      return {
        lost: lock.lost,
        release: async () => {
          if (released) return
          released = true
          if (--shared.users > 0) return
          forget()
          await lock.release()
        },
      }
    } catch (thrown) {
      forget()
      throw thrown
    }
  }

  async #take(subject: LockSubject): Promise<ConsoleLock> {
    const { id, who } = await this.#identity()
    const line = JSON.stringify({ who, since: new Date().toISOString() })
    const process = await subject.start(lockScript, [subject.file, id, line])
    let stderr = ''
    process.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2_000)))
    const ended = process.exited.then(
      () => undefined,
      () => undefined,
    )
    const { answer, rest } = await firstLines(process.stdout, ended)
    if (answer === 'held') return heldLock(process, ended)
    process.kill()
    throw answer === 'taken' ? labHeld(subject, rest, id) : notLockable(subject, stderr, answer)
  }
}

function heldLock(process: RemoteProcess, ended: Promise<void>): ConsoleLock {
  const { stdin, stdout } = process
  let releasing = false
  stdin.on('error', () => undefined)
  stdout.resume()
  return {
    lost: ended.then(() => (releasing ? new Promise<never>(() => undefined) : undefined)),
    release: async () => {
      releasing = true
      stdin.end()
      const timer = setTimeout(() => process.kill(), releaseLimitMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The first line, and what follows until the end where the lock is taken. */
async function firstLines(
  stdout: NodeJS.ReadableStream,
  ended: Promise<void>,
): Promise<{ answer: string | null; rest: string[] }> {
  const lines: string[] = []
  const reader = createInterface({ input: stdout })
  reader.on('error', () => undefined)
  const told = new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line.slice(0, 1_000))
      if (line === 'held') resolve()
    })
    reader.once('close', () => resolve())
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, answerLimitMs)))
  // Its last words may come after its end.
  await Promise.race([told, late, ended.then(() => told)])
  clearTimeout(timer)
  reader.close()
  // A login shell may have greeted before.
  const start = lines.findIndex((line) => line === 'held' || line === 'taken')
  return start === -1
    ? { answer: null, rest: [] }
    : { answer: lines[start] ?? null, rest: lines.slice(start + 1) }
}

const holderLine = z.object({ who: z.string(), since: z.string() })

function labHeld({ lab, host }: LockSubject, [line = '', id = '']: readonly string[], own: string): SkyError {
  const holder = holderLine.safeParse(parseJson(line))
  const { who, since } = holder.success ? shown(holder.data) : { who: 'another console', since: '' }
  const when = since === '' ? '' : ` since ${since}`
  if (id === own) {
    return new SkyError(
      'lab_held',
      `The lab ${lab} is still held on ${host} by this console (${who})${when}`,
      'A lost connection ends within a minute or two: try again then.',
      { lab, host, who, since },
    )
  }
  return new SkyError(
    'lab_held',
    `The lab ${lab} is used by ${who}${when}: it holds ${host}`,
    'Wait until that console is done, or end it there.',
    { lab, host, who, since },
  )
}

/** What another console has written there. */
function shown({ who, since }: z.infer<typeof holderLine>): z.infer<typeof holderLine> {
  return { who: printable(who.slice(0, 200)), since: printable(since.slice(0, 200)) }
}

function notLockable({ lab, host, file }: LockSubject, stderr: string, answer: string | null): SkyError {
  const said = quotedLine(stderr.trim().split('\n').at(-1) ?? '')
  if (said === '' && answer === null) {
    return new SkyError(
      'timeout',
      `${host} did not say within ${answerLimitMs / 1000} s whether the lab ${lab} is in use`,
    )
  }
  const full = /No space left/.test(said)
  return new SkyError(
    full ? 'host_disk_full' : 'host_not_writable',
    `${host}: the lab ${lab} cannot be locked with ${file}: ${said}`,
    full
      ? 'Free some space there.'
      : 'It was installed by another user: log in as that one, or apply it again.',
    { lab, host },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
