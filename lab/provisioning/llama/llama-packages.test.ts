import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { definePackageSum } from '../remote-scripts/package-sum'
import { LlamaPackages, type PackedLlama } from './llama-packages'

const longPath = `node_modules/deep/${'x'.repeat(60)}/${'y'.repeat(60)}/a.js`
const files: Readonly<Record<string, string>> = {
  'node_modules/.bin/nlc': 'program',
  'node_modules/.package-lock.json': '{}',
  'node_modules/plain/index.js': 'export {}',
  'node_modules/plain/index.js.map': '{}',
  'node_modules/plain/index.d.ts': 'declare const x: 1',
  'node_modules/plain/LICENSE': 'MIT',
  'node_modules/plain/empty': '',
  [longPath]: 'deep',
  'node_modules/@reflink/reflink/index.js': 'x',
  'node_modules/@reflink/reflink-linux-x64-gnu/x.node': 'native',
  'node_modules/node-llama-cpp/package.json': '{}',
  'node_modules/node-llama-cpp/templates/packed/x.json': '{}',
  'node_modules/node-llama-cpp/llama/gitRelease.bundle': 'sources',
  'node_modules/node-llama-cpp/llama/grammars/json.gbnf': 'grammar',
  'node_modules/@node-llama-cpp/linux-x64/package.json': '{}',
  'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/llama-addon.node': 'for x64',
  'node_modules/@node-llama-cpp/linux-arm64/package.json': '{}',
  'node_modules/@node-llama-cpp/linux-arm64/bins/linux-arm64/llama-addon.node': 'for arm64',
  'node_modules/@node-llama-cpp/win-x64/index.js': 'placeholder',
}

function installed(): string {
  const folder = temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  symlinkSync('index.js', join(folder, 'node_modules/plain/link.js'))
  return folder
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** What tar makes of an archive, and what the host's own sum of it is. */
function unpacked({ file }: PackedLlama): { folder: string; paths: string[]; sum: string } {
  const folder = temporaryFolder()
  execFileSync('tar', ['-xzf', file, '-C', folder])
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const
  const paths = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\\n'], options)
  const sum = execFileSync('sh', ['-c', `${definePackageSum}package_sum`], options)
  return { folder, paths: paths.trim().split('\n').sort(), sum: sum.trim() }
}

describe.skipIf(process.platform !== 'linux')('the package that runs models', () => {
  it('is packed with what hosts of one architecture need, as tar unpacks it', async () => {
    const packages = new LlamaPackages({ directory: temporaryFolder(), packageFolder: installed })
    for (const [architecture, other] of [
      ['x64', 'arm64'],
      ['arm64', 'x64'],
    ] as const) {
      const packed = await packages.pack(architecture)
      const { folder, paths, sum } = unpacked(packed)
      const leftOut = new RegExp(
        `\\.bin|package-lock|\\.map$|\\.d\\.ts$|templates|bundle|reflink-|linux-${other}|win-x64`,
      )
      expect(paths).toEqual(
        Object.keys(files)
          .filter((path) => !leftOut.test(path))
          .sort(),
      )
      for (const path of paths) expect(readFileSync(join(folder, path), 'utf8')).toBe(files[path])
      expect(statSync(join(folder, longPath)).mode & 0o777).toBe(0o644)
      expect(sum).toBe(packed.contentSha256)
      expect(paths).toContain(packed.addon)
      const archive = readFileSync(packed.file)
      expect([packed.bytes, packed.sha256]).toEqual([archive.length, sha256(archive)])
      expect(packed.name).toBe(`llama-${architecture}-${packed.contentSha256.slice(0, 16)}`)
      expect(packed.unpackedBytes).toBe(paths.reduce((total, path) => total + (files[path] ?? '').length, 0))
    }
  })

  it('has the same bytes wherever and whenever it is packed, and others when a byte of it is another', async () => {
    const pack = (packageFolder: string) =>
      new LlamaPackages({ directory: temporaryFolder(), packageFolder: () => packageFolder }).pack('x64')
    const folder = installed()
    const [one, other] = [await pack(folder), await pack(installed())]
    expect(other).toEqual({ ...one, file: expect.any(String) as string })
    expect(readFileSync(other.file).equals(readFileSync(one.file))).toBe(true)
    writeFileSync(join(folder, 'node_modules/plain/LICENSE'), 'MIT.')
    expect((await pack(folder)).name).not.toBe(one.name)
    // What is left out makes no difference.
    const third = installed()
    writeFileSync(join(third, 'node_modules/plain/index.d.ts'), 'declare const x: 2')
    expect((await pack(third)).name).toBe(one.name)
  })

  it('is packed once, anew when its archive is damaged, and keeps no archive that is of no use', async () => {
    const directory = temporaryFolder()
    const packageFolder = installed()
    const packages = new LlamaPackages({ directory, packageFolder: () => packageFolder })
    const [first, same] = await Promise.all([packages.pack('x64'), packages.pack('x64')])
    expect(same).toBe(first)
    const { ino } = statSync(first.file)
    expect(await packages.pack('x64')).toEqual(first)
    expect(statSync(first.file).ino).toBe(ino)

    truncateSync(first.file, 10)
    expect(await packages.pack('x64')).toEqual(first)
    expect(statSync(first.file).size).toBe(first.bytes)
    renameSync(first.file, first.file.replace(/[0-9a-f]{8}\.tgz$/, '00000000.tgz'))
    expect(await packages.pack('x64')).toEqual(first)

    await packages.pack('arm64')
    writeFileSync(join(packageFolder, 'node_modules/plain/index.js'), 'export default 1')
    const next = await packages.pack('x64')
    expect(readdirSync(directory).filter((name) => name.startsWith('llama-x64-'))).toEqual([
      next.file.slice(directory.length + 1),
    ])
    expect(readdirSync(directory)).toHaveLength(2)
  })

  it('is told to be missing, as a whole or for an architecture, and that it cannot be kept', async () => {
    const directory = temporaryFolder()
    await expect(
      new LlamaPackages({ directory, packageFolder: () => null }).pack('x64'),
    ).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('is not installed') as string,
      hint: expect.stringContaining('skymemory model engine install') as string,
    })
    const packageFolder = installed()
    renameSync(
      join(packageFolder, 'node_modules/@node-llama-cpp/linux-arm64'),
      join(packageFolder, 'node_modules/@node-llama-cpp/mac-arm64-metal'),
    )
    await expect(
      new LlamaPackages({ directory, packageFolder: () => packageFolder }).pack('arm64'),
    ).rejects.toMatchObject({
      code: 'not_supported',
      hint: expect.stringContaining('--os=linux') as string,
    })
    writeFileSync(join(directory, 'file'), '')
    const within = new LlamaPackages({
      directory: join(directory, 'file'),
      packageFolder: () => packageFolder,
    })
    await expect(within.pack('x64')).rejects.toMatchObject({ code: 'storage_unwritable' })
  })
})
