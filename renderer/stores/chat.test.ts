import { describe, expect, it } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import type { DemoEngine } from '../dev/demo-engine'
import { withEngine, withStores } from '../testing/with-stores'
import { useChat } from './chat'
import { useLab } from './lab'

/** Let made-up time pass until this is settled. */
async function during<T>(engine: DemoEngine, work: Promise<T>): Promise<T> {
  let settled = false
  const end = (): boolean => (settled = true)
  work.then(end, end)
  while (!settled) {
    engine.advance(50)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  return work
}

/** Let made-up time pass until the last turn has words. */
async function speaking(engine: DemoEngine, chat: ReturnType<typeof useChat>): Promise<void> {
  while (chat.turns.at(-1)?.text === '') {
    engine.advance(50)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}

async function started() {
  const { engine, use } = withStores()
  const [chat, lab] = [use(useChat), use(useLab)]
  await lab.refresh()
  await chat.refresh()
  await during(engine, chat.start())
  return { engine, chat, lab }
}

describe('the chat', () => {
  it('starts the lab and the model that was chosen, and says what goes on', async () => {
    const { engine, use } = withStores()
    const [chat, lab] = [use(useChat), use(useLab)]
    await lab.refresh()
    await chat.refresh()
    expect(chat.models?.map(({ name }) => name)).toContain(chat.setup.model)
    const start = chat.start()
    expect(chat.serving).toMatchObject({ kind: 'starting', step: 'lab' })
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(chat.serving).toMatchObject({ kind: 'starting', step: 'model' })
    await during(engine, start)
    expect(lab.running).not.toBeNull()
    expect(chat.serving).toMatchObject({
      kind: 'on',
      parameters: { engine: 'llama', model: chat.setup.model },
    })
  })

  it('keeps a conversation, whose second turn comes from the sky', async () => {
    const { engine, chat } = await started()
    await during(engine, chat.ask('What do satellites keep?'))
    const [first] = chat.turns
    expect(first?.fetched?.blocksHit).toBe(0)
    expect(first?.state.kind).toBe('done')
    await during(engine, chat.ask('And then?'))
    const [, second] = chat.turns
    expect(second?.request.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(second?.request.messages[1]?.content).toBe(first?.text)
    expect(second?.fetched?.blocksHit).toBeGreaterThan(0)
    expect(chat.shown?.id).toBe(second?.id)
  })

  it('asks the same prompt without the cache, for as many tokens as the answer had', async () => {
    const { engine, chat } = await started()
    await during(engine, chat.ask('What do satellites keep?'))
    chat.answering.compare = true
    await during(engine, chat.ask('And then?'))
    const turn = chat.turns[1]
    const warm = turn?.state.kind === 'done' ? turn.state.answer : null
    const cold = turn?.cold.kind === 'done' ? turn.cold.answer : null
    expect(cold?.measurement).toMatchObject({
      blocksHit: 0,
      outputTokens: warm?.measurement.outputTokens,
    })
    expect(turn?.text).toBe(warm?.text)
  })

  it('stops an answer: what was said stays, and the next question goes on from it', async () => {
    const { engine, chat } = await started()
    const asked = chat.ask('Tell me everything')
    await speaking(engine, chat)
    expect(chat.busy).toBe(true)
    chat.endAnswer()
    await during(engine, asked)
    expect(chat.turns[0]?.state).toMatchObject({ kind: 'done', answer: { finish: 'stopped' } })
    expect(chat.busy).toBe(false)
  })

  it('asks nothing without the cache of whoever has stopped the answer', async () => {
    const { engine, chat } = await started()
    chat.answering.compare = true
    const asked = chat.ask('Tell me everything')
    await speaking(engine, chat)
    chat.endAnswer()
    await during(engine, asked)
    const [turn] = chat.turns
    expect(turn?.state).toMatchObject({ kind: 'done', answer: { finish: 'stopped' } })
    expect([turn?.cold.kind, turn?.modelStopped, chat.busy]).toEqual(['none', false, false])
  })

  it('says of an answer that the model was stopped in the middle of it, and asks that model no more', async () => {
    const { engine, chat } = await started()
    chat.answering.compare = true
    const asked = chat.ask('Tell me everything')
    await speaking(engine, chat)
    await chat.stop()
    await during(engine, asked)
    const [turn] = chat.turns
    expect(turn?.text).not.toBe('')
    expect(turn?.modelStopped).toBe(true)
    expect(turn?.cold).toEqual({ kind: 'none' })
    await chat.compare(turn?.id ?? 0)
    expect(chat.turns[0]?.cold).toEqual({ kind: 'none' })
    expect(chat.serving.kind).toBe('off')
  })

  it('a comparison that ends with the model is none', async () => {
    const { engine, chat } = await started()
    await during(engine, chat.ask('What do satellites keep?'))
    const compared = chat.compare(1)
    expect(chat.turns[0]?.cold.kind).toBe('running')
    await chat.stop()
    await during(engine, compared)
    expect(chat.turns[0]).toMatchObject({ cold: { kind: 'none' }, modelStopped: false })
  })

  it('leaves what failed out of the next prompt', async () => {
    const { engine, chat } = await started()
    const asked = chat.ask('Never answered')
    chat.endAnswer()
    await during(engine, asked)
    expect(chat.turns[0]?.state).toMatchObject({ kind: 'failed', error: { code: 'cancelled' } })
    await during(engine, chat.ask('Again'))
    expect(chat.turns[1]?.request.messages).toEqual([{ role: 'user', content: 'Again' }])
  })

  it('takes no second question while it answers, none without words, and none without a model', async () => {
    const { engine, chat } = await started()
    const asked = chat.ask('One')
    await chat.ask('Two')
    await chat.ask('  ')
    expect(chat.turns).toHaveLength(1)
    await during(engine, asked)
    await chat.stop()
    await chat.ask('Three')
    expect(chat.turns).toHaveLength(1)
    expect(chat.serving.kind).toBe('off')
  })

  it('sees that the lab was stopped', async () => {
    const { chat, lab } = await started()
    await lab.stop()
    expect(chat.serving.kind).toBe('off')
  })

  it('finds the model that is served already', async () => {
    const { use } = withEngine({
      chatModels: () => [{ name: 'a', bytes: 1, problem: 'its file is gone' }],
      servedModel: () => ({ ...defaultParameters, engine: 'llama', model: 'b' }),
    })
    const chat = use(useChat)
    await chat.refresh()
    expect(chat.serving).toMatchObject({ kind: 'on', parameters: { model: 'b' } })
  })

  it('says why a model cannot be started', async () => {
    const { use } = withStores()
    const chat = use(useChat)
    chat.setup.model = 'a'
    chat.setup.servers = '0'
    expect(chat.check.ok ? null : chat.check.problems.get('servers')).toMatch(/^A whole number from 1/)
    chat.setup.servers = '96'
    expect(chat.check.ok ? null : chat.check.problems.get('servers')).toMatch(/Allowed/)
    await chat.start()
    expect(chat.serving.kind).toBe('off')
  })

  it.each(['', 'many', -5, 1e9])('asks for a sensible number of tokens where %j stands', async (typed) => {
    const { engine, chat } = await started()
    chat.answering.maxTokens = typed as number
    await during(engine, chat.ask('Hello'))
    const asked = chat.turns[0]?.request.maxTokens ?? 0
    expect(asked).toBeGreaterThanOrEqual(1)
    expect(asked).toBeLessThanOrEqual(100_000)
    expect(chat.turns[0]?.state.kind).toBe('done')
  })
})
