import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Proof } from '#shared/contract/proof-api'
import { writeRandomModel } from '#lab/models/random-model'
import { llamaMissing } from '#lab/models/testing/llama-package'
import type { Testbed } from '#lab/testbed/testbed'
import { temporaryFolder } from '#lab/testing/folders'
import { noTestbed, testbedForTest } from '#lab/testing/testbed'
import { commandLineUnderTest } from './testing/command-line'

const { run, start } = await commandLineUnderTest()

const missing = noTestbed() ?? llamaMissing
if (missing) console.warn(`models on hosts are not tested from the command line: ${missing}`)
// The package lies in the checkout, the program under test in a folder of its own.
process.env['SKYMEMORY_LLAMA'] = join(import.meta.dirname, '../agent/llama')

const short = ['--block-tokens', '32', '--prompt-tokens', '140', '--output-tokens', '4', '--threads', '1']

describe('verify refuses', () => {
  it.each([
    ['no model', [], /--model/],
    ['a lab that is not there', ['--model', 'tiny', '--lab', 'attic'], /attic[\s\S]*\[not_found\]/],
    ['a name that no lab can have', ['--model', 'tiny', '--lab', '../x'], /\[invalid_argument\]/],
    ['a KV type that is none', ['--model', 'tiny', '--kv-type', 'q3'], /Allowed choices are f16, q8_0/],
    ['a prompt of one token', ['--model', 'tiny', '--prompt-tokens', '1'], /whole number from 2/],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await run(temporaryFolder(), 'verify', ...args)
    expect(err).toMatch(message)
    expect([code, out]).toEqual([1, ''])
  })
})

describe.skipIf(missing)('verify --lab and serve --lab', { timeout: 240_000 }, () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 2 })
  }, 120_000)
  afterAll(() => testbed?.down())

  it('ask for what is missing, step by step; prove the model on the hosts of the lab, and serve it there', async () => {
    const data = temporaryFolder()
    const skymemory = (...args: string[]) => run(data, ...args)
    const verify = (...args: string[]) =>
      skymemory('verify', '--model', 'small', '--lab', 'rack', ...short, ...args)
    const file = join(data, 'rack.yaml')
    const { hosts, ...lab } = parse(readFileSync(testbed.state.inventoryFile, 'utf8')) as {
      hosts: { role: string }[]
    }
    const changed = hosts.map((host) => ({
      ...host,
      host_node: true,
      ...(host.role === 'inference' && { models: true }),
    }))
    writeFileSync(file, stringify({ ...lab, hosts: changed }))
    await skymemory('lab', 'import', file, '--as', 'rack')
    for (;;) {
      const { err } = await verify()
      const command = /skymemory (lab accept-key rack \S+ SHA256:\S+)/.exec(err)?.[1]
      if (command === undefined) break
      await skymemory(...command.split(' '))
    }
    expect((await verify()).err).toMatch(/skymemory lab apply rack/)
    expect((await skymemory('lab', 'apply', 'rack')).code).toBe(0)
    expect((await verify()).err).toMatch(/no model "small"[\s\S]*model add FILE --name small/)
    const model = join(data, 'tiny.gguf')
    await writeRandomModel(model, { shape: 'tiny', seed: 1 })
    expect((await skymemory('model', 'add', model, '--lab', 'rack', '--name', 'small')).code).toBe(0)

    const proven = await verify('--json')
    expect(proven, proven.err).toMatchObject({ code: 0 })
    expect(proven.err).toContain('Connecting to the lab rack')
    const proof = JSON.parse(proven.out) as Proof
    expect(proof.passed).toBe(true)
    expect(proof.verdicts).toHaveLength(12)
    expect(proof.model).toMatchObject({ name: 'small', threads: 1 })

    const serving = start(
      data,
      ...['serve', '--model', 'small', '--lab', 'rack', '--context', '1024'],
      ...['--set', 'slots=4', '--set', 'planes=1', '--set', 'los_planes=1', '--set', 'servers=4'],
      ...['--set', 'block_tokens=32', '--set', 'threads=1'],
    )
    await serving.said(/Ctrl\+C ends it/)
    expect(serving.errorText()).toMatch(/It listens on jetson itself\. To have its port here: ssh -N -L \d+:/)
    const url = /curl (\S+)\/chat\/completions/.exec(serving.errorText())?.[1] ?? ''
    const body = JSON.stringify({ model: 'small', prompt: 'word '.repeat(100), max_tokens: 3 })
    const program = `fetch('${url}/completions', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(body)} }).then((r) => r.text()).then(console.log)`
    const ask = () => testbed.exec('jetson', [process.execPath, '-e', program])
    await ask()
    const { usage } = JSON.parse((await ask()).stdout) as {
      usage: { prompt_tokens_details: { cached_tokens: number } }
    }
    expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(64)
    serving.child.kill('SIGINT')
    expect(await serving.finished).toMatchObject({ code: 0, out: `${url}\n` })
    expect((await ask()).code).not.toBe(0)
  })
})
