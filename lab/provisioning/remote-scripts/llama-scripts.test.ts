import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { LlamaPackages, type PackedLlama } from '../llama/llama-packages'
import { llamaScript, tidyScript, versionScript } from './install-scripts'

/** The scripts that bring what runs models, run here in a folder that stands for a host's. */

const addon = 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/llama-addon.node'

async function aPackage(content: string): Promise<PackedLlama> {
  const folder = temporaryFolder()
  for (const [path, text] of [
    ['node_modules/@node-llama-cpp/linux-x64/package.json', '{}'],
    [addon, content],
  ] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return new LlamaPackages({ directory: temporaryFolder(), packageFolder: () => folder }).pack('x64')
}

function sh(script: string, ...args: string[]): { code: number | null; err: string } {
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' })
  return { code: status, err: stderr }
}

/** A host's folder with the archive in its staging folder. */
function aHost(...packages: PackedLlama[]) {
  const directory = join(temporaryFolder(), "it's $(a) host")
  for (const name of ['staging', 'versions', 'runtimes', 'certificates/id'])
    mkdirSync(join(directory, name), { recursive: true })
  const staged = ({ name }: PackedLlama): string => join(directory, 'staging', `${name}.tgz`)
  for (const packed of packages) writeFileSync(staged(packed), readFileSync(packed.file))
  const unpack = (packed: PackedLlama, node = '/bin/true', sum = packed.contentSha256) =>
    sh(llamaScript, directory, packed.name, staged(packed), sum, packed.addon, node)
  return { directory, staged, unpack, packages: () => readdirSync(join(directory, 'llama')) }
}

describe.skipIf(process.platform !== 'linux')('the script that unpacks llama.cpp', () => {
  it('puts it in place, anew over what is damaged, and clears its archive away', async () => {
    const packed = await aPackage('addon')
    const host = aHost(packed)
    mkdirSync(join(host.directory, 'llama', packed.name), { recursive: true })
    writeFileSync(join(host.directory, 'llama', packed.name, 'damage'), '')
    expect(host.unpack(packed)).toEqual({ code: 0, err: '' })
    expect(host.packages()).toEqual([packed.name])
    expect(readdirSync(join(host.directory, 'llama', packed.name))).toEqual(['node_modules'])
    expect(readFileSync(join(host.directory, 'llama', packed.name, addon), 'utf8')).toBe('addon')
    expect(existsSync(host.staged(packed))).toBe(false)
  })

  it('leaves nothing of what is not what it should be, or does not start there', async () => {
    const packed = await aPackage('no program of any machine')
    const host = aHost(packed)
    const other = host.unpack(packed, '/bin/true', '0'.repeat(64))
    expect(other).toMatchObject({ code: 65, err: expect.stringContaining('instead of 0000') as string })
    const unfit = host.unpack(packed, process.execPath)
    expect(unfit.code).toBe(68)
    expect(unfit.err).toMatch(/^llama\.cpp does not start here: Error: .*(invalid ELF|too short)/)
    expect(host.packages()).toEqual([])
    expect(existsSync(host.staged(packed))).toBe(true)
  })
})

describe.skipIf(process.platform !== 'linux')('a version that runs models', () => {
  const sum = (text: string): string => createHash('sha256').update(text).digest('hex')

  it('has the program and a link to the package, which stays as long as a version needs it', async () => {
    const [one, two] = [await aPackage('one'), await aPackage('two')]
    const host = aHost(one, two)
    const { directory } = host
    host.unpack(one)
    host.unpack(two)
    const stage = (name: string, text: string): string => {
      writeFileSync(join(directory, 'staging', name), text)
      return join(directory, 'staging', name)
    }
    const make = (version: string, ...models: [string, string, string]) =>
      sh(versionScript, directory, version, stage('a.mjs', 'a'), sum('a'), '../../n', '{}', '', ...models)
    const link = `../../llama/${one.name}`
    expect(make('v0', stage('m.mjs', 'changed'), sum('m'), link)).toMatchObject({
      code: 65,
      err: expect.stringContaining('skymemory-model.mjs has the SHA-256') as string,
    })
    expect(make('v1', stage('m.mjs', 'm'), sum('m'), link)).toEqual({ code: 0, err: '' })
    expect(make('v2', '', '', '')).toEqual({ code: 0, err: '' })
    expect(readdirSync(join(directory, 'versions'))).toEqual(['v1', 'v2'])
    expect(readlinkSync(join(directory, 'versions/v1/llama'))).toBe(link)
    expect(readFileSync(join(directory, 'versions/v1/skymemory-model.mjs'), 'utf8')).toBe('m')
    expect(readdirSync(join(directory, 'versions/v2')).sort()).toEqual([
      'config.json',
      'node',
      'service.unit',
      'skymemory-agent.mjs',
    ])
    expect(readdirSync(join(directory, 'staging'))).toEqual([])

    expect(sh(tidyScript, directory, 'id', 'v2', 'v1')).toEqual({ code: 0, err: '' })
    expect(host.packages()).toEqual([one.name])
    expect(sh(tidyScript, directory, 'id', 'v2')).toEqual({ code: 0, err: '' })
    expect(existsSync(join(directory, 'llama'))).toBe(false)
  })
})
