import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { endProcess, processesWith } from '../testing/processes'
import { sshdMissing, startSshd } from '../testing/sshd'
import { sessionWith } from '../testing/ssh-lab'
import { usersMissing } from '../testing/ssh-users'

const missing = sshdMissing()
/** OpenSSH does not pass signals on for root: somebody else logs in then. */
const isRoot = userInfo().uid === 0
const users = isRoot ? [{ name: 'lab', password: 'unused' }] : []
const noUsers = isRoot ? usersMissing() : null
/** Sleeps of this run alone: what another one has left behind says nothing about this one. */
const longSleep = String(700_000_000 + process.pid)
const sleeping = (): number[] => processesWith(`sleep\x00${longSleep}`)
const untilNoneSleeps = async (): Promise<void> => {
  while (sleeping().length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
// OpenSSH tells programs of root nothing of the end of their connection.
afterAll(() => Promise.all(sleeping().map(endProcess)))
if (missing) console.warn(`skipped: ${missing}`)

describe.skipIf(missing)('a session with an OpenSSH server', () => {
  it('runs a program and tells how it ended', async () => {
    const server = await startSshd()
    const session = await sessionWith(server)
    expect(session).toMatchObject({ host: 'nuc1', user: server.user })
    expect(session.serverVersion).toMatch(/^OpenSSH_/)
    expect(await session.run(['cat'], { stdin: 'ä\n' })).toEqual({
      exitCode: 0,
      signal: null,
      stdout: 'ä\n',
      stderr: '',
      truncated: false,
    })
    expect(await session.script('echo out; echo err >&2; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    expect(await session.script('kill -9 $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    expect(await session.run(['skymemory-no-such-program'])).toMatchObject({ exitCode: 127 })
  })

  it('gives arguments to scripts as they are', async () => {
    const session = await sessionWith(await startSshd())
    const marker = join(temporaryFolder(), 'ran')
    const args = [`it's`, `$(touch ${marker})`, '`id`', '', 'a\nb', '\\', '"', '-n', '; exit 9', '*']
    const { stdout } = await session.script('printf "%s\\0" "$@"', args)
    expect(stdout.split('\0').slice(0, -1)).toEqual(args)
    expect(existsSync(marker)).toBe(false)
  })

  it('keeps no more than it is told of a host that floods, and no control character of it acts', async () => {
    const session = await sessionWith(await startSshd())
    let mostHeld = 0
    const watch = setInterval(() => (mostHeld = Math.max(mostHeld, process.memoryUsage().arrayBuffers)), 50)
    const flood = await session.script('yes "$(printf "\\033[31m")" | head -c 2000000000; echo end >&2', [], {
      keptBytes: 10_000,
    })
    clearInterval(watch)
    expect(flood).toMatchObject({ exitCode: 0, truncated: true, stderr: 'end\n' })
    expect(flood.stdout).toHaveLength(10_000)
    expect(mostHeld).toBeLessThan(500_000_000)
  }, 120_000)

  it('ends a command after its limit or when it is cancelled, on the host too', async ({ skip }) => {
    if (noUsers) return skip(noUsers)
    const server = await startSshd(isRoot ? { users } : {})
    const session = await sessionWith(server, isRoot ? 'lab' : server.user)
    await expect(session.run(['sleep', longSleep], { limitMs: 100 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'nuc1: the command did not end within 0.1 s: sleep',
    })
    const cancel = new AbortController()
    const running = session.run(['sleep', longSleep], { signal: cancel.signal })
    setTimeout(() => cancel.abort(), 100)
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    await expect(session.run(['true'], { signal: cancel.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const sleep = await session.start(['sleep', longSleep])
    sleep.kill()
    expect(await sleep.exited).toMatchObject({ exitCode: null })
    await untilNoneSleeps()
    // The connection is still good.
    expect(await session.run(['true'])).toMatchObject({ exitCode: 0 })
  })

  it('talks to a program that runs on', async () => {
    const session = await sessionWith(await startSshd())
    const cat = await session.start(['sh', '-c', 'cat; echo done >&2; exit 4'])
    cat.stdin.write('one ')
    cat.stdin.end('two')
    const [out, err, exit] = await Promise.all([text(cat.stdout), text(cat.stderr), cat.exited])
    expect({ out, err, exit }).toEqual({ out: 'one two', err: 'done\n', exit: { exitCode: 4, signal: null } })
  })

  it('moves much data both ways at once', async () => {
    const session = await sessionWith(await startSshd())
    const cat = await session.start(['cat'])
    const sent = Buffer.alloc(20_000_000, 'sky memory ')
    const read = (async () => {
      let bytes = 0
      for await (const piece of cat.stdout) bytes += (piece as Buffer).length
      return bytes
    })()
    cat.stdin.end(sent)
    expect(await read).toBe(sent.length)
  })

  it('has a terminal that takes another size', async () => {
    const session = await sessionWith(await startSshd())
    const shell = await session.shell({ columns: 91, rows: 31 })
    let shown = ''
    shell.stream.on('data', (piece: Buffer) => (shown += piece.toString()))
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(shown)) await once(shell.stream, 'data')
    }
    shell.stream.write('stty size\n')
    await until(/31 91/)
    shell.resize({ columns: 120, rows: 50 })
    shell.stream.write('stty size; echo $TERM\n')
    await until(/50 120/)
    await until(/xterm-256color/)
    shell.stream.write('exit 5\n')
    expect(await shell.exited).toEqual({ exitCode: 5, signal: null })
  })

  it('reaches a Unix socket, and says when nobody listens there or it is forbidden', async () => {
    const server = await startSshd()
    const session = await sessionWith(server)
    const path = join(temporaryFolder(), `it's a $(socket)`)
    const echo = createServer((socket) => socket.pipe(socket)).listen(path)
    onTestFinished(() => void echo.close())
    const stream = await session.connectToUnixSocket(path)
    stream.end('hello')
    expect(await text(stream)).toBe('hello')
    await expect(session.connectToUnixSocket(`${path}2`)).rejects.toMatchObject({ code: 'unreachable' })

    const strict = await sessionWith(await startSshd({ config: ['AllowStreamLocalForwarding no'] }))
    await expect(strict.connectToUnixSocket(path)).rejects.toMatchObject({ code: 'not_supported' })
  })

  it('tells of a lost connection everywhere, and once', async () => {
    const server = await startSshd()
    const session = await sessionWith(server)
    const reasons: Error[] = []
    session.onLost((reason) => reasons.push(reason))
    const cat = await session.start(['cat'])
    const streamError = once(cat.stdout, 'error')
    const running = expect(session.run(['sleep', longSleep])).rejects.toMatchObject({
      code: 'connection_lost',
    })
    await server.dropConnections()
    await running
    await expect(cat.exited).rejects.toMatchObject({ code: 'connection_lost' })
    expect((await streamError)[0]).toMatchObject({ code: 'connection_lost' })
    await expect(session.run(['true'])).rejects.toMatchObject({ code: 'connection_lost' })
    await expect(session.connectToUnixSocket('/tmp/x')).rejects.toMatchObject({ code: 'connection_lost' })
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toMatchObject({ code: 'connection_lost', details: { host: 'nuc1' } })
  })

  it('says nothing of a loss when it is closed here, and leaves nothing behind', async () => {
    const server = await startSshd()
    const session = await sessionWith(server)
    let lost = 0
    session.onLost(() => lost++)
    const running = session.run(['sleep', longSleep])
    session.close()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    while (!server.log().includes('Received disconnect'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(lost).toBe(0)
  })

  it('notices a server that has gone silent', { timeout: 60_000 }, async () => {
    const server = await startSshd()
    const session = await sessionWith(server)
    const lost = new Promise<Error>((resolve) => session.onLost(resolve))
    server.freeze(true)
    expect(await lost).toMatchObject({
      code: 'connection_lost',
      message: expect.stringContaining('Keepalive timeout') as string,
    })
  })

  it('says that a server allows no more sessions', async () => {
    const session = await sessionWith(await startSshd({ config: ['MaxSessions 1'] }))
    await session.start(['sleep', longSleep])
    await expect(session.run(['true'])).rejects.toMatchObject({
      code: 'protocol_error',
      hint: expect.stringContaining('MaxSessions') as string,
    })
  })
})
