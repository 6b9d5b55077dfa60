import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InstallProgress } from '#shared/contract/model-engine-api'
import { smallDisk, temporaryFolder } from '../../testing/folders'
import { LlamaInstallation } from './llama-installation'
import { startPackageRegistry, testManifest, testPackage } from './testing/package-registry'
import { packagesOf, smallLlama } from './testing/small-llama'

const offline = { registry: 'http://127.0.0.1:9' }
/** What every attempt asks a registry for. */
const wanted = [
  '@node-llama-cpp/linux-arm64@3.0.0',
  '@node-llama-cpp/linux-x64@3.0.0',
  'empty@1.0.0',
  'inner@1.0.0',
  'inner@2.0.0',
  'node-llama-cpp@3.0.0',
]

async function aMachine(data = temporaryFolder(), elsewhere: string[] = []) {
  const registry = await startPackageRegistry(packagesOf(smallLlama))
  const manifest = testManifest(smallLlama)
  const online = { registry: registry.url }
  const make = (settings: object = online, manifestFolder = manifest) =>
    new LlamaInstallation({
      dataDirectory: data,
      elsewhere,
      manifest: manifestFolder,
      settings: () => Promise.resolve(settings),
    })
  return { data, registry, manifest, make, llama: make(), target: join(data, 'llama') }
}

/** All files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** The number of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

describe('the installation of llama.cpp', () => {
  it('is what the lock file says for Linux, once', async () => {
    const { llama, data, target, registry } = await aMachine()
    expect(await llama.look()).toMatchObject({ state: 'absent', folder: target, version: null })
    expect(llama.found).toBeNull()
    const progress: InstallProgress[] = []
    expect(await llama.install({ onProgress: (each) => progress.push(each) })).toBe('installed')
    expect(filesIn(target)).toEqual([
      'node_modules/.package-lock.json',
      'node_modules/@node-llama-cpp/linux-arm64/bins/linux-arm64/llama-addon.node',
      'node_modules/@node-llama-cpp/linux-arm64/package.json',
      'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/llama-addon.node',
      'node_modules/@node-llama-cpp/linux-x64/package.json',
      'node_modules/@node-llama-cpp/mac-x64/package.json',
      'node_modules/@node-llama-cpp/win-x64/package.json',
      'node_modules/inner/package.json',
      'node_modules/node-llama-cpp/dist/cli.js',
      'node_modules/node-llama-cpp/dist/index.js',
      'node_modules/node-llama-cpp/node_modules/inner/package.json',
      'node_modules/node-llama-cpp/package.json',
      'package-lock.json',
      'package.json',
    ])
    const inner = readFileSync(join(target, 'node_modules/node-llama-cpp/node_modules/inner/package.json'))
    expect(JSON.parse(inner.toString())).toMatchObject({ version: '1.0.0' })
    expect(readdirSync(data)).toEqual(['llama'])
    expect([...registry.asked].sort()).toEqual(wanted)
    expect(await llama.look()).toMatchObject({ state: 'installed', folder: target, version: '3.0.0' })
    expect(llama.found).toBe(target)
    expect(progress.at(0)).toMatchObject({ step: 'download', done: 0, fraction: 0 })
    expect(progress.at(-1)).toEqual({ step: 'unpack', done: 7, total: 7, fraction: 1 })
    const downloaded = progress.filter(({ step }) => step === 'download').at(-1)
    expect(downloaded?.done).toBe(downloaded?.total)

    expect(await llama.install()).toBe('already there')
    expect(registry.asked).toHaveLength(wanted.length)
    await llama.remove()
    expect(readdirSync(data)).toEqual([])
    expect((await llama.look()).state).toBe('absent')
    await expect(llama.remove()).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each(['other bytes', 'cut', 'missing'] as const)(
    'puts nothing in place when the registry answers badly (%s), and fetches only the rest later',
    async (answer) => {
      const { llama, data, registry, target } = await aMachine()
      registry.answer('node-llama-cpp', answer)
      const code = {
        'other bytes': /provisioning_failed/,
        cut: /provisioning_failed|unreachable/,
        missing: /unreachable/,
      }
      await expect(llama.install()).rejects.toMatchObject({
        code: expect.stringMatching(code[answer]) as string,
        message: expect.stringContaining('node-llama-cpp@3.0.0') as string,
        hint: expect.stringContaining('skymemory model engine install --help') as string,
      })
      expect(existsSync(target)).toBe(false)
      expect(filesIn(data).filter((file) => file.endsWith('.part'))).toEqual([])

      registry.answer('node-llama-cpp', 'whole')
      registry.asked.length = 0
      expect(await llama.install()).toBe('installed')
      expect(registry.asked).toContain('node-llama-cpp@3.0.0')
      expect(registry.asked).not.toContain('@node-llama-cpp/linux-x64@3.0.0')
      expect(readdirSync(data)).toEqual(['llama'])
    },
  )

  it('says that no registry answers', async () => {
    const { make, target } = await aMachine()
    await expect(make(offline).install()).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining("npm's registry setting") as string,
    })
    expect(existsSync(target)).toBe(false)
  })

  it('ends when it is told to, and goes on in another process', async () => {
    const { make, data, registry } = await aMachine()
    registry.answer('node-llama-cpp', 'silent')
    const ending = new AbortController()
    const onProgress = () => registry.asked.length === wanted.length && ending.abort()
    await expect(make().install({ signal: ending.signal, onProgress })).rejects.toMatchObject({
      code: 'cancelled',
    })
    const [own] = readdirSync(data)
    expect(own).toBe(`llama-install-${process.pid}`)

    // What a process leaves that was killed, also in the middle of unpacking, and of a file.
    const left = join(data, `llama-install-${endedProcess()}`)
    renameSync(join(data, own as string), left)
    mkdirSync(join(left, 'new', 'node_modules', 'half'), { recursive: true })
    writeFileSync(join(left, 'files', 'x.tgz.part'), 'half')
    registry.answer('node-llama-cpp', 'whole')
    registry.asked.length = 0
    expect(await make().install()).toBe('installed')
    expect(registry.asked.length).toBeLessThan(wanted.length)
    expect(registry.asked).toContain('node-llama-cpp@3.0.0')
    expect(readdirSync(data)).toEqual(['llama'])
    expect(existsSync(join(data, 'llama', 'node_modules', 'half'))).toBe(false)
  })

  it('fetches what was kept, but is damaged, again', async () => {
    const { llama, data, registry } = await aMachine()
    registry.answer('node-llama-cpp', 'missing')
    await llama.install().catch(() => undefined)
    const files = join(data, `llama-install-${process.pid}`, 'files')
    for (const name of readdirSync(files)) truncateSync(join(files, name), 20)
    registry.answer('node-llama-cpp', 'whole')
    registry.asked.length = 0
    expect(await llama.install()).toBe('installed')
    expect([...registry.asked].sort()).toEqual(wanted)
  })

  it('replaces what is incomplete or of another version, as a whole', async () => {
    const { llama, make, target, registry } = await aMachine()
    await llama.install()
    rmSync(join(target, 'node_modules', '.package-lock.json'))
    writeFileSync(join(target, 'node_modules', 'own'), '')
    expect(await llama.look()).toMatchObject({ state: 'incomplete', version: null })
    expect(await llama.install()).toBe('installed')
    expect(existsSync(join(target, 'node_modules', 'own'))).toBe(false)

    const next = {
      ...smallLlama,
      'node_modules/node-llama-cpp': [testPackage('node-llama-cpp', '3.0.1')] as const,
    }
    const newer = make({ registry: registry.url }, testManifest(next))
    expect(await newer.look()).toMatchObject({
      state: 'other version',
      version: '3.0.0',
      wantedVersion: '3.0.1',
    })
    // The registry does not have it: what is there stays.
    await expect(newer.install()).rejects.toMatchObject({ code: 'unreachable' })
    expect(await llama.look()).toMatchObject({ state: 'installed' })
    const registryOfNext = await startPackageRegistry(packagesOf(next))
    expect(await make({ registry: registryOfNext.url }, testManifest(next)).install()).toBe('installed')
    expect(await newer.look()).toMatchObject({ state: 'installed', version: '3.0.1' })
  })

  it('leaves alone what lies elsewhere and goes before', async () => {
    const other = join(temporaryFolder(), 'llama')
    const { llama, make, data, target } = await aMachine(undefined, [other])
    await llama.install()
    cpSync(target, other, { recursive: true })
    await llama.remove()
    expect(llama.found).toBe(other)
    expect(await make(offline).install()).toBe('already there')
    await expect(llama.remove()).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringContaining(other) as string,
    })
    rmSync(join(other, 'node_modules', '.package-lock.json'))
    await expect(llama.install()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(other) as string,
    })
    expect(readdirSync(data)).toEqual([])
  })

  it('is one at a time', async () => {
    const { llama, registry } = await aMachine()
    registry.answer('inner', 'silent')
    const ending = new AbortController()
    const first = llama.install({ signal: ending.signal })
    await expect(llama.install()).rejects.toMatchObject({ code: 'conflict' })
    ending.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('says that its disk is full or its folder in the way', async (context) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    const { llama } = await aMachine(join(folder, 'file'))
    await expect(llama.install()).rejects.toMatchObject({ code: 'storage_unwritable' })

    const disk = smallDisk(1)
    if (!disk) return context.skip('this user may not mount a small disk')
    try {
      const data = join(disk.path, 'data')
      mkdirSync(data)
      const { llama: small, make, registry } = await aMachine(data)
      disk.fill()
      await expect(small.install()).rejects.toMatchObject({
        code: 'storage_full',
        message: expect.stringMatching(/\d+ bytes are needed, \d+ are free/) as string,
      })
      expect(registry.asked).toEqual([])
      // One that says it is smaller than it is fills the disk on the way.
      const manifest = testManifest(smallLlama)
      const skymemory = { downloadBytes: 0, installedBytes: 0 }
      writeFileSync(join(manifest, 'package.json'), JSON.stringify({ skymemory }))
      await expect(make({ registry: registry.url }, manifest).install()).rejects.toMatchObject({
        code: 'storage_full',
      })
      expect(existsSync(join(data, 'llama'))).toBe(false)
      disk.clear()
      expect(await small.install()).toBe('installed')
    } finally {
      disk.unmount()
    }
  })
})

describe('the installation of what was brought from elsewhere', () => {
  /** The files below odd names, with something else among them. */
  function brought(): string {
    const folder = temporaryFolder()
    for (const [index, { tarball }] of packagesOf(smallLlama).entries()) {
      mkdirSync(join(folder, `${index} $(x)`), { recursive: true })
      writeFileSync(join(folder, `${index} $(x)`, `file #${index} 100%`), tarball)
    }
    writeFileSync(join(folder, 'readme'), 'hello')
    return folder
  }

  it('takes the files from a folder, whatever they are called', async () => {
    const { make, data } = await aMachine()
    const progress: InstallProgress[] = []
    const from = brought()
    expect(await make(offline).install({ from, onProgress: (each) => progress.push(each) })).toBe('installed')
    expect(progress.some(({ step, fraction }) => step === 'read' && fraction > 0)).toBe(true)
    expect(readdirSync(data)).toEqual(['llama'])
    expect(existsSync(join(from, 'readme'))).toBe(true)
  })

  it('takes them from an archive that another machine packed', async () => {
    const { make, llama, registry } = await aMachine()
    const file = join(temporaryFolder(), 'llama #1.tar')
    await llama.pack(file)
    expect([...registry.asked].sort()).toEqual(wanted)
    const listed = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n').sort()
    expect(listed[0]).toBe('llama/empty-1.0.0.tgz')
    expect(listed).toContain('llama/node-llama-cpp-linux-x64-3.0.0.tgz')
    expect(await make(offline).install({ from: file })).toBe('installed')
  })

  it('refuses what is missing, damaged or something else', async () => {
    const { make, data } = await aMachine()
    const llama = make(offline)
    const folder = temporaryFolder()
    await expect(llama.install({ from: join(folder, 'none') })).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringContaining('skymemory model engine pack') as string,
    })
    await expect(llama.install({ from: folder })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/lacks 6 of 6 packages .* and 3 more$/) as string,
    })
    const half = brought()
    const [, { tarball }] = packagesOf(smallLlama) as [unknown, { tarball: Buffer }]
    writeFileSync(join(half, '1 $(x)', 'file #1 100%'), Buffer.concat([tarball, Buffer.from('x')]))
    await expect(llama.install({ from: half })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/lacks 1 of 6 .*: @node-llama-cpp\/linux-x64@3\.0\.0$/) as string,
    })
    const text = join(folder, 'text.tar')
    writeFileSync(text, 'no archive at all. '.repeat(100))
    const own = join(folder, 'own.tgz')
    execFileSync('tar', ['-czf', own, '-C', half, '.'])
    for (const from of [text, own, join(half, 'readme')]) {
      await expect(llama.install({ from })).rejects.toMatchObject({
        code: 'invalid_argument',
        hint: expect.stringContaining('to be unpacked first') as string,
      })
    }
    await expect(llama.pack(join(folder, 'llama.zip'))).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(existsSync(join(data, 'llama'))).toBe(false)
  })

  it('is not packed where nobody may write', async () => {
    const { llama } = await aMachine()
    await expect(llama.pack(join(temporaryFolder(), 'none', 'llama.tar'))).rejects.toMatchObject({
      code: 'storage_unwritable',
    })
  })
})
