import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { writeRandomModel } from '#lab/models/random-model'
import { llamaMissing } from '#lab/models/testing/llama-package'
import { temporaryFolder } from '#lab/testing/folders'
import { allEnded } from '#lab/testing/processes'
import { commandLineUnderTest } from './testing/command-line'

const { start, run, agents } = await commandLineUnderTest()

if (llamaMissing) console.warn(llamaMissing)
// The package lies in the checkout, the program under test in a folder of its own.
process.env['SKYMEMORY_LLAMA'] = join(import.meta.dirname, '../agent/llama')

describe.skipIf(llamaMissing)('serve', () => {
  it('serves a model file until Ctrl+C, and leaves nothing behind', async () => {
    const data = temporaryFolder()
    const file = join(data, 'tiny.gguf')
    await writeRandomModel(file, { shape: 'tiny', seed: 1 })
    const running = start(
      data,
      ...['serve', '--model', 'tiny.gguf', '--kv-type', 'q8_0', '--context', '1024'],
      // Fewer planes than the LOS window has by default, and than the default centre lies in.
      ...['--set', 'slots=5', '--set', 'planes=2'],
      ...['--set', 'block_tokens=32', '--set', 'threads=1'],
    )
    await running.said(/Ctrl\+C ends it/)
    const url = /curl (\S+)\/chat\/completions/.exec(running.errorText())?.[1] ?? ''
    const ask = async () => {
      const response = await fetch(`${url}/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tiny', prompt: 'word '.repeat(100), max_tokens: 3 }),
      })
      return (await response.json()) as { usage: { prompt_tokens_details: { cached_tokens: number } } }
    }
    await ask()
    // Blocks are stored behind the answer.
    const cached = async () => (await ask()).usage.prompt_tokens_details.cached_tokens
    await expect.poll(cached).toBeGreaterThan(64)
    running.child.kill('SIGINT')
    const { code, out, err } = await running.finished
    expect({ code, out }).toEqual({ code: 0, out: `${url}\n` })
    expect(err).toContain('Ending')
    await allEnded(agents())
  })
})

describe('serve refuses', () => {
  it('a size that the lab in the background does not have', async () => {
    const data = temporaryFolder()
    onTestFinished(async () => void (await run(data, 'lab', 'down', '--force')))
    expect((await run(data, 'lab', 'up', '--slots', '5', '--planes', '1')).code).toBe(0)
    const file = join(data, 'model.gguf')
    writeFileSync(file, 'GGUF')
    const { code, err } = await run(data, 'serve', '--model', file, '--set', 'planes=3')
    expect(code).toBe(1)
    expect(err).toMatch(/has 5 slots and 1 planes[\s\S]*\[conflict\][\s\S]*lab down/)
    // Of that size everything fits but the default number of servers.
    const many = await run(data, 'serve', '--model', file)
    expect(many.err).toMatch(/9 servers do not fit in a constellation of 5x1/)
  })

  it.each([
    [
      'a model that is not there',
      ['--model', 'none-such'],
      /neither a model nor a file none-such[\s\S]*\[not_found\]/,
    ],
    ['no model', [], /--model/],
    ['an unknown KV type', ['--model', 'x', '--kv-type', 'q4_0'], /f16, q8_0/],
    ['an unknown parameter', ['--model', 'x', '--set', 'warp=9'], /no parameter warp/],
    ['a value that it cannot have', ['--model', 'x', '--set', 'servers=0'], /servers/],
    ['a parameter that has an option', ['--model', 'x', '--set', 'kv_type=q8_0'], /kv_type .*Use --kv-type/],
    ['a context by --set', ['--model', 'x', '--set', 'context_tokens=512'], /Use --context/],
    ['a model by --set', ['--model', 'x', '--set', 'model=y'], /Use --model/],
    ['an engine', ['--model', 'x', '--set', 'engine=synthetic'], /the engine is llama/],
    ['a port that is none', ['--model', 'x', '--port', '70000'], /0 to 65535/],
  ])('%s', async (_name, args, message) => {
    const { code, err } = await run(temporaryFolder(), 'serve', ...args)
    expect(code).toBe(1)
    expect(err).toMatch(message)
  })
})
