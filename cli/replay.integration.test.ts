import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { conversationTrace, gzipped, mooncakeLines } from '#lab/traces/testing/trace-files'
import { commandLineUnderTest, csvRows } from './testing/command-line'

const { run, start } = await commandLineUnderTest()

/** A folder with a trace in it. */
function folderWith(content: string | Buffer, name = 'trace.jsonl'): { data: string; trace: string } {
  const data = temporaryFolder()
  const trace = join(data, name)
  writeFileSync(trace, content)
  return { data, trace }
}

const replay = async (data: string, ...args: string[]) => run(data, 'replay', ...args)

describe('replay of the conversation trace', () => {
  const trace = conversationTrace()
  if (trace === null) {
    it.skip('skipped: ../shared/traces/mooncake-conversation.jsonl is not beside the repository', () =>
      undefined)
    return
  }

  it('prints the JSON that other programs expect, in their order', async () => {
    const { code, out, err } = await replay(
      temporaryFolder(),
      '--trace',
      trace,
      '--capacity-blocks',
      'inf',
      '--json',
    )
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^\{"requests":12031,"blocks":288500,"uniqueBlocks":182790,"prefixHitBlocks":105710,"blockHitRate":0\.366412\d*,"tokenHitRate":0\.373623\d*,"evictions":0,"policy":"lru","capacityBlocks":"inf",.*\}\n$/,
    )
  })

  it('gives the same in threads as alone, whatever their number', async () => {
    const data = temporaryFolder()
    const args = ['--trace', trace, '--capacity-blocks', '10000', '--json']
    const alone: unknown = JSON.parse((await replay(data, ...args)).out)
    expect(alone).toMatchObject({ capacityBlocks: 10_000 })
    expect((alone as { blockHitRate: number }).blockHitRate.toFixed(6)).toBe('0.211165')
    const policies = ['--policy', 'lru,lfu,fifo', '--policy', 's3-fifo', '--policy', 'arc,optimum']
    const compared = await Promise.all(
      ['1', '3'].map(async (threads) => (await replay(data, ...args, ...policies, '--threads', threads)).out),
    )
    expect(compared[0]).toBe(compared[1])
    const all = JSON.parse(compared[0] as string) as { policy: string; prefixHitBlocks: number }[]
    expect(all.map(({ policy }) => policy)).toEqual(['lru', 'lfu', 'fifo', 's3-fifo', 'arc', 'optimum'])
    expect(all[0]).toEqual(alone)
    const best = all.at(-1)?.prefixHitBlocks as number
    for (const { prefixHitBlocks } of all) expect(prefixHitBlocks).toBeLessThanOrEqual(best)
  })
})

describe('replay', () => {
  const ten = `${mooncakeLines(10).join('\n')}\n`

  it('prints a table, and writes a CSV file, for every policy with every capacity', async () => {
    const { data, trace } = folderWith(gzipped(ten), 'trace.gz')
    const csv = join(data, 'new folder', 'hits.csv')
    const args = ['--trace', trace, '--capacity-blocks', '2,inf', '--policy', 'fifo,optimum', '--out', csv]
    const { code, out } = await replay(data, ...args)
    expect(code).toBe(0)
    expect(out).toContain('trace.gz (mooncake) | 10 requests | 10 blocks of 512 tokens | 7 distinct')
    expect(out).toMatch(/optimum +│ +inf │ +3 │ 0\.300000/)
    expect(out.trimEnd().split('\n').at(-1)).toBe(csv)
    expect(readFileSync(csv, 'utf8').split('\r\n')[0]).toBe(
      'trace,format,policy,capacity_blocks,block_tokens,requests,blocks,unique_blocks,prefix_hit_blocks,block_hit_rate,token_hit_rate,evictions,prompt_tokens,hit_tokens,touch_hit_blocks,skipped_lines,prefix_model,arrivals_per_s,arrival_seed,turn_gap_s,session_turns,declared_output_tokens',
    )
    const rows = csvRows(join(data, 'new folder'), 'hits.csv')
    expect(
      rows.map((row) => [
        row['policy'],
        row['capacity_blocks'],
        row['prefix_hit_blocks'],
        row['prefix_model'],
      ]),
    ).toEqual([
      ['fifo', '2', '0', ''],
      ['fifo', 'inf', '3', ''],
      // Of the three that come again, it keeps two.
      ['optimum', '2', '2', ''],
      ['optimum', 'inf', '3', ''],
    ])
  })

  it('names in its output what was declared', async () => {
    const { data, trace } = folderWith(
      'Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n' +
        '1.0,a,2,GPT-4,300,20,320,Conversation log\n9.0,a,2,GPT-4,700,20,720,Conversation log\n',
      'BurstGPT_3.csv',
    )
    const args = ['--trace', trace, '--capacity-blocks', 'inf', '--prefix-model', 'session']
    const json = JSON.parse((await replay(data, ...args, '--json')).out) as object
    expect(json).toMatchObject({
      requests: 2,
      blocks: 3 + 6,
      prefixHitBlocks: 2,
      tokenHitRate: 256 / 1000,
      format: 'burstgpt',
      blockTokens: 128,
      prefixModel: 'session',
      arrivals: null,
      skippedLines: 0,
    })
    expect((await replay(data, ...args)).out).toContain('declared prefix model session')
  })

  it('tokenises conversations, which arrive at the declared rate', async () => {
    const said = (value: string) => [
      { from: 'human', value },
      { from: 'gpt', value: 'A satellite passes overhead every few minutes. '.repeat(8) },
    ]
    const talks = [{ id: 'a', conversations: [...said('Which one is next?'), ...said('And then?')] }]
    const { data, trace } = folderWith(JSON.stringify(talks), 'ShareGPT.json')
    const args = ['--trace', trace, '--capacity-blocks', 'inf', '--block-tokens', '8', '--json']
    expect((await replay(data, ...args)).err).toMatch(
      /has no times \[invalid_argument\]\nhint: .*--arrival-rate/,
    )
    const json = JSON.parse((await replay(data, ...args, '--arrival-rate', '0.5')).out) as {
      prefixHitBlocks: number
    }
    expect(json).toMatchObject({
      requests: 2,
      format: 'sharegpt',
      arrivals: { perSecond: 0.5, seed: 1, turnGapS: 30 },
    })
    expect(json.prefixHitBlocks).toBeGreaterThan(0)
  })

  it('counts and shows the lines that it skipped', async () => {
    const { data, trace } = folderWith(`${ten}{"timestamp": 5}\nno JSON\n`)
    const args = ['--trace', trace, '--capacity-blocks', '4', '--json']
    const refused = await replay(data, ...args)
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toMatch(/trace\.jsonl, line 11: .* \[invalid_trace\]\nhint: .*--skip-bad-lines/)
    const { code, out, err } = await replay(data, ...args, '--skip-bad-lines')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ requests: 10, skippedLines: 2 })
    expect(err).toMatch(/skipped line 11: .*\nskipped line 12: it is not valid JSON/)
  })

  it.each([
    [['--capacity-blocks', '0'], /whole number from 1/],
    [['--capacity-blocks', 'many'], /whole number from 1/],
    [['--capacity-blocks', '10,'], /whole number from 1/],
    [['--capacity-blocks', '-5'], /whole number from 1/],
    [['--policy', 'best'], /Allowed choices are lru, lfu, fifo, s3-fifo, arc, optimum/],
    [['--format', 'parquet'], /Allowed choices are mooncake, aiperf, sharegpt, azure, burstgpt/],
    [['--block-tokens', '0'], /whole number from 1/],
    [['--prefix-model', 'shared:0'], /Choose none, session, or shared:TOKENS/],
    [['--prefix-model', 'none'], /would contradict it/],
    [['--arrival-rate', '0'], /above 0/],
    [['--arrival-rate', 'Infinity'], /above 0/],
    [['--arrival-rate', '1'], /has times of its own/],
    [['--arrival-seed', '4294967296'], /0 to 4294967295/],
    [
      ['--block-tokens', '256'],
      /line 1: it has 1 hash_ids, but .* 2 blocks of 256 tokens .*\n.*--block-tokens/,
    ],
    [['--trace', 'nowhere.jsonl'], /there is no file nowhere\.jsonl \[not_found\]/],
    [['--out', 'trace.jsonl/hits.csv'], /Results cannot be written/],
    [['--out', '.'], /is a folder \[invalid_argument\]\nhint: Name a file/],
  ])('refuses %j', async (wrong, message) => {
    const { data, trace } = folderWith(ten)
    const { code, out, err } = await replay(data, '--trace', trace, '--capacity-blocks', '4', ...wrong)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(message)
  })

  it('shows how far it is, and ends at the first interrupt', async () => {
    // Tokenising this takes far longer than the test waits.
    const long = {
      conversations: [
        { from: 'human', value: 'Why? ' },
        { from: 'gpt', value: 'Because it is so. '.repeat(400) },
      ],
    }
    const { data, trace } = folderWith(
      `[${Array.from({ length: 3000 }, () => JSON.stringify(long)).join(',')}]`,
    )
    const running = start(data, 'replay', '--trace', trace, '--capacity-blocks', '9', '--arrival-rate', '1')
    await running.said(/% \| reading \| /)
    running.child.kill('SIGINT')
    const { code, out, err } = await running.finished
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/cancelled \[cancelled\]/)
  })

  it('explains itself', async () => {
    const { code, out } = await replay(temporaryFolder(), '--help')
    expect(code).toBe(0)
    for (const part of ['--capacity-blocks', '--policy', '--prefix-model', '--skip-bad-lines', 'Examples:']) {
      expect(out).toContain(part)
    }
  })
})
