import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { processesWith } from '../testing/processes'
import { sessionWith } from '../testing/ssh-lab'
import { sshdMissing, startSshd, type TestSshd } from '../testing/sshd'
import type { SshSession } from '../ssh/ssh-session'
import { consoleIdentity } from './console-identity'
import { ConsoleLocks, type LockSubject } from './console-lock'
import { lockScript } from './remote-scripts/lock-script'

const missing = sshdMissing()
if (missing) console.warn(`skipped: ${missing}`)

const console_ = (name: string) =>
  new ConsoleLocks(() => Promise.resolve({ id: `id-of-${name}`, who: `${name}@desk` }))
const soon = { timeout: 20_000, interval: 20 }

describe.skipIf(missing)('the lock of a console', () => {
  async function aLab(): Promise<{
    server: TestSshd
    file: string
    on: (session: SshSession) => LockSubject
  }> {
    const server = await startSshd()
    const folder = join(temporaryFolder(), `it's $(a) "folder"`)
    mkdirSync(folder)
    const file = join(folder, 'console.lock')
    const on = (session: SshSession): LockSubject => ({
      lab: 'rack',
      host: 'nuc1',
      file,
      start: (script, args) => session.start(['sh', '-c', script, 'sh', ...args]),
    })
    return { server, file, on }
  }
  const holders = (file: string) => processesWith(file)

  it('tells a second console who holds the lab, and lets it in afterwards', async () => {
    const { server, file, on } = await aLab()
    const [one, two] = [await sessionWith(server), await sessionWith(server)]
    const lock = await console_('ada').hold(on(one))
    const refused = await console_('bob')
      .hold(on(two))
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'lab_held',
      details: { lab: 'rack', host: 'nuc1', who: 'ada@desk' },
    })
    expect((refused as Error).message).toMatch(
      /^The lab rack is used by ada@desk since 20\d\d-.*: it holds nuc1$/,
    )
    await lock.release()
    expect(readFileSync(file, 'utf8')).toBe('')
    expect(holders(file)).toEqual([])
    const second = await console_('bob').hold(on(two))
    expect(readFileSync(file, 'utf8')).toMatch(/"who":"bob@desk"/)
    await second.release()
  })

  it('is shared within one console, and kept until the last one lets go', async () => {
    const { server, file, on } = await aLab()
    const [one, two] = [await sessionWith(server), await sessionWith(server)]
    const ada = console_('ada')
    const [first, second] = await Promise.all([ada.hold(on(one)), ada.hold(on(one))])
    // A shell that starts a program looks like itself for a moment, twice.
    await expect.poll(() => holders(file).length, soon).toBe(1)
    await first.release()
    await first.release()
    await expect(console_('bob').hold(on(two))).rejects.toMatchObject({ code: 'lab_held' })
    await second.release()
    await (await console_('bob').hold(on(two))).release()
  })

  it('ends with its connection, and says so', async () => {
    const { server, file, on } = await aLab()
    const lock = await console_('ada').hold(on(await sessionWith(server)))
    await server.dropConnections()
    await lock.lost
    await expect.poll(() => holders(file), soon).toEqual([])
    const next = await console_('bob').hold(on(await sessionWith(server)))
    await next.release()
    // The lock that was lost says nothing any more.
    await lock.release()
  })

  it('is taken over by the same console when its old connection hangs', async () => {
    const { server, file, on } = await aLab()
    // A holder whose input never ends: what a host has after the console's machine lost its power.
    const hung = spawn(
      'sh',
      ['-c', lockScript, 'sh', file, 'id-of-ada', '{"who":"ada@desk","since":"then"}'],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    onTestFinished(() => void hung.kill('SIGKILL'))
    const ended = new Promise((resolve) => hung.once('exit', resolve))
    await new Promise((resolve) => hung.stdout.once('data', resolve))
    const session = await sessionWith(server)
    await expect(console_('bob').hold(on(session))).rejects.toMatchObject({ code: 'lab_held' })
    const lock = await console_('ada').hold(on(session))
    await ended
    expect(readFileSync(file, 'utf8')).not.toContain('then')
    await expect.poll(() => holders(file).length, soon).toBe(1)
    await lock.release()
  })

  it('kills nobody whose process number it only finds in the file', async () => {
    const { server, file, on } = await aLab()
    const innocent = spawn('sleep', ['600'], { stdio: 'ignore' })
    onTestFinished(() => void innocent.kill('SIGKILL'))
    const holder = spawn('flock', [file, 'sleep', '600'], { stdio: 'ignore' })
    onTestFinished(() => {
      for (const pid of processesWith(file)) process.kill(pid, 'SIGKILL')
      holder.kill('SIGKILL')
    })
    await expect.poll(() => existsSync(file), soon).toBe(true)
    await expect.poll(() => processesWith(file).length, soon).toBeGreaterThan(0)
    writeFileSync(file, `{"who":"ada@desk","since":"then"}\nid-of-ada\n${innocent.pid}\n`)
    await expect(console_('ada').hold(on(await sessionWith(server)))).rejects.toMatchObject({
      code: 'lab_held',
      message: expect.stringContaining('still held on nuc1 by this console') as string,
    })
    expect(innocent.exitCode).toBeNull()
    expect(innocent.signalCode).toBeNull()
  })

  it('leaves nothing where the lab was removed meanwhile', async () => {
    const { server, file, on } = await aLab()
    const lock = await console_('ada').hold(on(await sessionWith(server)))
    rmSync(join(file, '..'), { recursive: true })
    await lock.release()
    expect(existsSync(join(file, '..'))).toBe(false)
    const error = await console_('ada')
      .hold(on(await sessionWith(server)))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'host_not_writable',
      message: expect.stringContaining(file) as string,
    })
  })

  it('shows no control characters that another console wrote', async () => {
    const { server, on } = await aLab()
    const evil = new ConsoleLocks(() => Promise.resolve({ id: 'x', who: '\u001b[2Jeve\n@desk' }))
    const lock = await evil.hold(on(await sessionWith(server)))
    const refused = console_('bob').hold(on(await sessionWith(server)))
    await expect(refused).rejects.toMatchObject({ details: { who: '\\x1b[2Jeve\\n@desk' } })
    await lock.release()
  })
})

describe('the identity of a console', () => {
  it('is made once for each data directory', async () => {
    const data = join(temporaryFolder(), 'data')
    const first = await consoleIdentity(data)
    expect(first.who).toMatch(/^.+@.+$/)
    expect(await consoleIdentity(data)).toEqual(first)
    expect((await consoleIdentity(temporaryFolder())).id).not.toBe(first.id)
    writeFileSync(join(data, 'console-id'), 'damaged')
    expect((await consoleIdentity(data)).id).not.toBe(first.id)
  })
})
