import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import { collectTrial } from './testing/collect-records'
import { startTestLab, type TestLab } from './testing/agent-process'
import { TestAuthority } from './testing/test-authority'

const parameters = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  block_tokens: 16,
  kvc_bytes_per_token: 4_096,
  chunk_bytes: 7_000,
  document_count: 2,
  document_tokens: 100,
  sessions: 6,
  turns: 2,
  output_tokens: 4,
  prefill_tokens_per_s: 20_000,
  decode_tokens_per_s: 1_000,
}
const text = 'Satellites remember what the model has read, so that it need not read it again. '.repeat(40)

describe('agents that talk over mutual TLS', () => {
  let lab: TestLab
  beforeAll(async () => {
    lab = await startTestLab(5, 3, 3, { authority: await TestAuthority.create() })
  })
  afterAll(() => lab.stop())

  async function run(trialKey: string) {
    const trial = { trialKey, parameters }
    await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', trial)))
    const documents = ['a', 'b'].map((title) => ({ title, text: title + text }))
    await lab.inference.control.call('loadDocuments', { from: 0, documents })
    await lab.inference.control.call('startTrial', { ...trial, seed: 1 })
    return collectTrial(lab.inference.control, trialKey)
  }

  test('run a trial in which later prompts find the blocks of earlier ones, every byte right', async () => {
    const { requests, finished } = await run('t1')
    expect(finished.outcome).toBe('completed')
    expect(requests).toHaveLength(12)
    expect(requests.every((request) => request.status === 'ok')).toBe(true)
    expect(requests.filter((request) => request.turn === 1).every((request) => request.blocksHit >= 6)).toBe(
      true,
    )
    expect(
      requests.reduce(
        (sum, { wrongBytesServed, halfBlocksServed }) => sum + (wrongBytesServed ?? NaN) + halfBlocksServed,
        0,
      ),
    ).toBe(0)
  })

  test('find each other again after one of them was started again', async () => {
    const exit = once(lab.inference.child, 'exit')
    lab.inference.child.kill('SIGKILL')
    await exit
    await lab.restartInference()
    await lab.configureAll()
    expect((await run('t2')).finished.outcome).toBe('completed')
  })
})
