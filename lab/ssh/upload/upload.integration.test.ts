import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { smallDisk, temporaryFolder } from '../../testing/folders'
import { sessionWith } from '../../testing/ssh-lab'
import { usersMissing } from '../../testing/ssh-users'
import { sshdMissing, startSshd } from '../../testing/sshd'
import type { SshSession, UploadSource } from '../ssh-session'

const missing = sshdMissing()
if (missing) console.warn(`skipped: ${missing}`)

/** A file of random bytes to send, and where it goes. */
function aFile(bytes: number): { source: UploadSource & { kind: 'file' }; content: Buffer; path: string } {
  const folder = temporaryFolder()
  const content = randomBytes(bytes)
  const file = join(folder, 'source')
  writeFileSync(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  mkdirSync(join(folder, `it's $(id)`))
  return {
    source: { kind: 'file', file, bytes, sha256 },
    content,
    path: join(folder, `it's $(id)`, 'a "file" \\'),
  }
}

const mode = 0o640

async function aSession(): Promise<SshSession> {
  return sessionWith(await startSshd())
}

describe.skipIf(missing)('upload', () => {
  it('sends a file whole, with its mode, and tells how far it is', async () => {
    const session = await aSession()
    const { source, content, path } = aFile(5_000_001)
    const progress: number[] = []
    const sent = await session.upload(source, path, { mode, onProgress: (bytes) => progress.push(bytes) })
    expect(sent).toBe(content.length)
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(statSync(path).mode & 0o7777).toBe(mode)
    expect(existsSync(`${path}.partial`)).toBe(false)
    expect(progress[0]).toBe(0)
    expect(progress.at(-1)).toBe(content.length)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
  })

  it('sends bytes, also none at all', async () => {
    const session = await aSession()
    const path = join(temporaryFolder(), 'config.json')
    expect(await session.upload({ kind: 'bytes', bytes: Buffer.from('{}') }, path, { mode: 0o600 })).toBe(2)
    expect(readFileSync(path, 'utf8')).toBe('{}')
    expect(await session.upload({ kind: 'bytes', bytes: new Uint8Array() }, path, { mode: 0o600 })).toBe(0)
    expect(statSync(path)).toMatchObject({ size: 0 })
    expect(statSync(path).mode & 0o7777).toBe(0o600)
  })

  it('sends nothing when the file is there already, and replaces one that is another', async () => {
    const session = await aSession()
    const { source, content, path } = aFile(100_000)
    await session.upload(source, path, { mode })
    const progress: number[] = []
    expect(
      await session.upload(source, path, { mode: 0o600, onProgress: (bytes) => progress.push(bytes) }),
    ).toBe(0)
    expect(progress).toEqual([content.length])
    expect(statSync(path).mode & 0o7777).toBe(0o600)
    writeFileSync(path, randomBytes(content.length))
    expect(await session.upload(source, path, { mode })).toBe(content.length)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('goes on where a lost connection has cut it', async () => {
    const server = await startSshd()
    const { source, content, path } = aFile(40_000_000)
    const first = await sessionWith(server)
    let cutAt = 0
    const cut = first.upload(source, path, {
      mode,
      onProgress: (bytes) => {
        if (cutAt > 0 || bytes < content.length / 2) return
        cutAt = bytes
        void server.dropConnections()
      },
    })
    await expect(cut).rejects.toMatchObject({ code: 'connection_lost' })
    expect(existsSync(path)).toBe(false)
    const there = statSync(`${path}.partial`).size
    expect(there).toBeGreaterThanOrEqual(cutAt)
    expect(there).toBeLessThan(content.length)

    const second = await sessionWith(server)
    const progress: number[] = []
    const sent = await second.upload(source, path, { mode, onProgress: (bytes) => progress.push(bytes) })
    expect(sent).toBe(content.length - there)
    expect(progress[0]).toBe(there)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it.each([
    ['of another file', (path: string) => writeFileSync(path, randomBytes(50_000))],
    ['that is longer', (path: string) => writeFileSync(path, randomBytes(200_000))],
    [
      'of zeros, as after a power cut',
      (path: string) => (writeFileSync(path, ''), truncateSync(path, 60_000)),
    ],
  ])('does not use a part %s', async (_, make) => {
    const session = await aSession()
    const { source, content, path } = aFile(100_000)
    make(`${path}.partial`)
    expect(await session.upload(source, path, { mode })).toBe(content.length)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('can be cancelled, and goes on later', async () => {
    const session = await aSession()
    const { source, content, path } = aFile(30_000_000)
    const cancel = new AbortController()
    const cancelled = session.upload(source, path, {
      mode,
      signal: cancel.signal,
      onProgress: (bytes) => bytes > 10_000_000 && cancel.abort(),
    })
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    const sent = await session.upload(source, path, { mode })
    expect(sent).toBeLessThanOrEqual(content.length - 10_000_000)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('says that what arrived is not what it was told to send', async () => {
    const session = await aSession()
    const { source, path } = aFile(1_000)
    const sha256 = 'a'.repeat(64)
    await expect(session.upload({ ...source, sha256 }, path, { mode })).rejects.toMatchObject({
      code: 'provisioning_failed',
      message: expect.stringContaining(`its SHA-256 is ${source.sha256}, not ${sha256}`) as string,
    })
    expect(existsSync(path)).toBe(false)
    expect(existsSync(`${path}.partial`)).toBe(false)
    await expect(session.upload({ ...source, bytes: 999 }, path, { mode })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    await expect(session.upload({ ...source, file: '/nowhere' }, path, { mode })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('tells a full disk before and while it sends', async ({ skip }) => {
    const disk = smallDisk(20)
    if (!disk) return skip('this user may not mount a disk to fill')
    onTestFinished(() => disk.unmount())
    const session = await aSession()
    const path = join(disk.path, 'file')
    await expect(session.upload(aFile(30_000_000).source, path, { mode })).rejects.toMatchObject({
      code: 'host_disk_full',
      message: expect.stringContaining('30.0 MB are needed, 2') as string,
    })
    expect(existsSync(`${path}.partial`)).toBe(false)

    const { source, content } = aFile(15_000_000)
    const filling = session.upload(source, path, {
      mode,
      onProgress: (bytes) => {
        if (bytes > 0 && bytes < 2_000_000) disk.fill()
      },
    })
    await expect(filling).rejects.toMatchObject({ code: 'host_disk_full' })
    disk.clear()
    const sent = await session.upload(source, path, { mode })
    expect(sent).toBeLessThan(content.length)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('tells a disk that is read-only', async ({ skip }) => {
    const disk = smallDisk(4)
    if (!disk) return skip('this user may not mount a disk')
    onTestFinished(() => disk.unmount())
    const session = await aSession()
    spawnSync('mount', ['-o', 'remount,ro', disk.path])
    await expect(session.upload(aFile(10).source, join(disk.path, 'file'), { mode })).rejects.toMatchObject({
      code: 'host_not_writable',
      message: expect.stringContaining('read-only') as string,
    })
  })

  it('tells a folder where the user may not write, one that is missing, and a folder in the place of the file', async ({
    skip,
  }) => {
    const isRoot = userInfo().uid === 0
    const noUsers = isRoot ? usersMissing() : null
    if (noUsers) return skip(noUsers)
    const server = await startSshd(isRoot ? { users: [{ name: 'lab', password: 'x' }] } : {})
    const session = await sessionWith(server, isRoot ? 'lab' : server.user)
    const { source } = aFile(10)
    await expect(session.upload(source, '/etc/skymemory-test', { mode })).rejects.toMatchObject({
      code: 'host_not_writable',
      message: expect.stringContaining(`${session.user} may not write there`) as string,
    })
    await expect(session.upload(source, '/tmp/skymemory/no/folder', { mode })).rejects.toMatchObject({
      code: 'host_not_writable',
      message: expect.stringContaining('its folder does not exist') as string,
    })
    await expect(session.upload(source, '/tmp', { mode })).rejects.toMatchObject({
      code: 'host_not_writable',
    })
    await expect(session.upload(source, '-rf', { mode })).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('says that a server has no SFTP', async () => {
    const server = await startSshd({ sftp: false })
    const session = await sessionWith(server)
    await expect(
      session.upload(aFile(10).source, join(temporaryFolder(), 'x'), { mode }),
    ).rejects.toMatchObject({
      code: 'not_supported',
      hint: expect.stringContaining('Subsystem sftp') as string,
    })
  })
})
