import type { ChatAnswer, ChatModel, ChatRequest } from '#shared/contract/chat-api'
import { SkyError } from '#shared/contract/errors'
import type { LocalModel } from '#shared/contract/local-model-api'
import type { CallContext } from '#shared/contract/rpc'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { RequestRecord } from '#shared/experiment/records'
import type { Emit } from './demo-client'
import { DemoTrial } from './demo-trial'
import type { DemoClock } from './ssh/demo-clock'

const words =
  'The satellites above keep what the model has read, so that it need not read it again: each holds a part of every block, and all of them answer at once. '
    .repeat(3)
    .split(/(?<= )/)
/** Made-up time that loading a model takes, ms. */
const loadMs = 2_500
const tokenMs = 50

/** Made-up answers, with the measurements of made-up requests. */
export class DemoChat {
  models: ChatModel[] = [
    { name: 'tinyllama-1.1b-q4_0', bytes: 637_700_000, problem: null },
    { name: 'qwen2.5-1.5b-instruct-q4_k_m', bytes: 1_117_000_000, problem: null },
  ]
  served: ParameterValues | null = null
  #warm: DemoTrial | null = null
  #cold: DemoTrial | null = null
  readonly #clock: DemoClock
  readonly #emit: Emit

  constructor(clock: DemoClock, emit: Emit) {
    this.#clock = clock
    this.#emit = emit
  }

  localModels(): LocalModel[] {
    return this.models.map(({ name, bytes }) => ({
      name,
      bytes,
      sha256: '0'.repeat(64),
      addedAt: 0,
      path: `/home/ada/.local/share/skymemory-console/models/${name}.gguf`,
      state: 'present',
      architecture: 'llama',
      quantisation: 'Q4_0',
      parameters: null,
      bytesPerToken: { f16: 22_528, q8_0: 11_968 },
      problems: [],
    }))
  }

  add(name: string): { name: string } {
    this.models = [
      ...this.models.filter((model) => model.name !== name),
      { name, bytes: 17_700_000, problem: null },
    ]
    return { name }
  }

  remove(name: string): { name: string } {
    this.models = this.models.filter((model) => model.name !== name)
    return { name }
  }

  async serve(parameters: ParameterValues | null): Promise<void> {
    if (parameters?.engine === 'llama') await new Promise<void>((done) => this.#clock.after(loadMs, done))
    this.served = parameters
    const made = { document_tokens: 420, output_tokens: 60, turns: 1_000, document_count: 1, sessions: 1 }
    const trial = (cache: ParameterValues['cache']): DemoTrial | null =>
      parameters &&
      new DemoTrial({
        trialId: 't001',
        repeat: 0,
        seed: 7,
        factors: {},
        parameters: {
          ...parameters,
          ...made,
          cache,
          prefill_tokens_per_s: 120,
          decode_tokens_per_s: 1000 / tokenMs,
        },
      })
    this.#warm = trial('skymemory')
    this.#cold = trial('off')
  }

  async chat({ chatId, useCache, maxTokens }: ChatRequest, context: CallContext): Promise<ChatAnswer> {
    const trial = useCache ? this.#warm : this.#cold
    if (!trial) throw new SkyError('conflict', 'No model is served', 'Choose a model and start it.')
    let stopped = false
    context.onCancelled(() => (stopped = true))
    const record = trial.request(this.#clock.now(), 0)
    const pass = (ms: number): Promise<void> => new Promise((done) => this.#clock.after(ms, done))
    await pass((record.lookupMs ?? 0) + (record.getMs ?? 0))
    this.#emit('chatProgress', { chatId, progress: { ...record, kind: 'fetched' } })
    await pass(record.prefillMs ?? 0)
    if (stopped) throw new SkyError('cancelled', 'The answer was stopped before it began')
    let text = ''
    let made = 0
    for (const word of words.slice(0, Math.min(maxTokens, 60))) {
      made += 1
      text += word
      this.#emit('chatProgress', { chatId, progress: { kind: 'text', text: word } })
      if (stopped) break
      await pass(tokenMs)
    }
    const measurement = measured(record, made)
    const finish = stopped ? 'stopped' : made === maxTokens ? 'length' : 'stop'
    return { text, finish, measurement, queueMs: 0.1 }
  }
}

function measured(record: RequestRecord, outputTokens: number): ChatAnswer['measurement'] {
  const restoreMs = record.blocksHit > 0 ? 38 : null
  const ttftMs = (record.ttftMs ?? 0) + (restoreMs ?? 0)
  return {
    ...record,
    restoreMs,
    ttftMs,
    outputTokens,
    e2eMs: ttftMs + (record.tpotMs ?? 0) * (outputTokens - 1),
  }
}
