import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef } from 'vue'
import type { ChatAnswer, ChatMessage, ChatModel, ChatRequest } from '#shared/contract/chat-api'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { checkSetup, defaultSetup, type ChatSetup } from '../chat/chat-setup'
import type { Fetched } from '../chat/turn-facts'
import { useEngine } from '../engine'
import { localLab, useLab } from './lab'

/** The same prompt, computed as if nothing were cached. */
export type Comparison =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly answer: ChatAnswer }
  | { readonly kind: 'failed'; readonly error: ErrorBody }

export type TurnState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'done'; readonly answer: ChatAnswer }
  | { readonly kind: 'failed'; readonly error: ErrorBody }

export interface Turn {
  readonly id: number
  readonly request: Omit<ChatRequest, 'chatId' | 'useCache'>
  readonly question: string
  /** With which the model was served. */
  readonly parameters: ParameterValues
  /** What has been said so far. */
  readonly text: string
  readonly fetched: Fetched | null
  readonly state: TurnState
  /** The model was stopped before the answer was whole. */
  readonly modelStopped: boolean
  readonly cold: Comparison
}

export type Serving =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting'; readonly step: 'lab' | 'model'; readonly since: number }
  | { readonly kind: 'on'; readonly parameters: ParameterValues }

const defaultMaxTokens = 256

/** A field may be empty, or hold anything. */
function within(typed: unknown, min: number, max: number, otherwise: number): number {
  const value = Math.round(Number(typed))
  return typed === '' || !Number.isFinite(value) ? otherwise : Math.min(max, Math.max(min, value))
}

/** A conversation with a model that is served through the lab. */
export const useChat = defineStore('chat', () => {
  const { client } = useEngine()
  const lab = useLab()

  const models = shallowRef<readonly ChatModel[] | null>(null)
  const setup = reactive<ChatSetup>({ ...defaultSetup })
  const answering = reactive({ maxTokens: defaultMaxTokens, temperature: 0, compare: false })
  const serving = shallowRef<Serving>({ kind: 'off' })
  const error = shallowRef<ErrorBody | null>(null)
  const turns = shallowRef<readonly Turn[]>([])
  const chosen = ref<number | null>(null)
  const shape = computed(
    () => lab.running ?? { slots: defaultParameters.slots, planes: defaultParameters.planes },
  )
  /** Whether the model runs on this computer. */
  const isLocal = computed(() => (lab.running?.name ?? localLab) === localLab)
  const check = computed(() => checkSetup(setup, shape.value))
  const busy = computed(() =>
    turns.value.some(({ state, cold }) => state.kind === 'asking' || cold.kind === 'running'),
  )
  /** The turn whose details are shown: the one that was chosen, else the newest. */
  const shown = computed(
    () => turns.value.find(({ id }) => id === chosen.value) ?? turns.value.at(-1) ?? null,
  )
  let ending: AbortController | null = null
  let lastId = 0

  client.on('chatProgress', ({ chatId, progress }) => {
    const id = Number(/^turn (\d+) /.exec(chatId)?.[1])
    if (!chatId.startsWith(idOf(id))) return
    // Asked again, because the way to the host broke: the answer begins anew.
    if (progress.kind === 'fetched') change(id, { fetched: progress, text: '' })
    else if (progress.kind === 'text') {
      const turn = turns.value.find((each) => each.id === id)
      if (turn?.state.kind === 'asking') change(id, { text: turn.text + progress.text })
    }
  })
  client.on('labChanged', (state) => {
    // Stopped from elsewhere, or by a run that needs the host.
    if (serving.value.kind !== 'on') return
    if (state.kind !== 'running' || state.apiUrl === null) serving.value = { kind: 'off' }
  })

  /** Events of another window's turns must not be taken for this one's. */
  const session = Math.random().toString(36).slice(2)
  function idOf(id: number): string {
    return `turn ${id} of ${session}`
  }

  function change(id: number, values: Partial<Turn>): void {
    turns.value = turns.value.map((turn) => (turn.id === id ? { ...turn, ...values } : turn))
  }

  async function refresh(): Promise<void> {
    try {
      const name = lab.running?.name ?? localLab
      const [kept, parameters] = await Promise.all([
        client.call('chatModels', { lab: name }),
        client.call('servedModel', {}),
      ])
      models.value = kept
      if (setup.model === '') setup.model = kept.find(({ problem }) => problem === null)?.name ?? ''
      if (serving.value.kind === 'starting') return
      if (parameters?.engine === 'llama') begin(parameters)
      else serving.value = { kind: 'off' }
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  /** Start the lab where none runs, and load the model. */
  async function start(): Promise<void> {
    const { value } = check
    if (!value.ok || serving.value.kind === 'starting') return
    error.value = null
    try {
      if (!lab.running) {
        serving.value = { kind: 'starting', step: 'lab', since: Date.now() }
        if (!(await lab.start(shape.value.slots, shape.value.planes))) {
          error.value = lab.error
          serving.value = { kind: 'off' }
          return
        }
      }
      serving.value = { kind: 'starting', step: 'model', since: Date.now() }
      await client.call('serveApi', { parameters: value.parameters })
      begin(value.parameters)
    } catch (thrown) {
      serving.value = { kind: 'off' }
      error.value = toErrorBody(thrown)
    }
  }

  function begin(parameters: ParameterValues): void {
    serving.value = { kind: 'on', parameters }
    setup.model = parameters.model
  }

  async function stop(): Promise<void> {
    const asked = turns.value.find(({ state }) => state.kind === 'asking')
    if (asked) change(asked.id, { modelStopped: true })
    endAnswer()
    error.value = null
    try {
      await client.call('serveApi', { parameters: null })
      serving.value = { kind: 'off' }
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    }
  }

  /** The conversation as the model is to read it: what failed, and what nobody answered, is left out. */
  function messagesWith(question: string): ChatMessage[] {
    const before = turns.value.flatMap((turn): ChatMessage[] =>
      turn.state.kind === 'done'
        ? [
            { role: 'user', content: turn.question },
            { role: 'assistant', content: turn.state.answer.text },
          ]
        : [],
    )
    return [...before, { role: 'user', content: question }]
  }

  async function ask(question: string): Promise<void> {
    if (busy.value || question.trim() === '' || serving.value.kind !== 'on') return
    lastId += 1
    const id = lastId
    const request = {
      messages: messagesWith(question),
      maxTokens: within(answering.maxTokens, 1, 100_000, defaultMaxTokens),
      temperature: Math.min(2, Math.max(0, Number(answering.temperature) || 0)),
      topP: 1,
      seed: id,
    }
    const { parameters } = serving.value
    const fresh = { text: '', fetched: null, state: { kind: 'asking' }, cold: { kind: 'none' } } as const
    turns.value = [...turns.value, { id, request, question, parameters, modelStopped: false, ...fresh }]
    chosen.value = null
    const { signal } = (ending = new AbortController())
    try {
      const answer = await client.call(
        'chat',
        { ...request, chatId: `${idOf(id)} warm`, useCache: true },
        signal,
      )
      change(id, { state: { kind: 'done', answer }, text: answer.text })
    } catch (thrown) {
      change(id, { state: { kind: 'failed', error: toErrorBody(thrown) } })
      return
    }
    // Who stopped the answer wants no other one, and whoever stopped the model has none.
    if (answering.compare && !signal.aborted) await compare(id)
  }

  /** Ask a turn's prompt again without the cache, for as many tokens as it was answered with. */
  async function compare(id: number): Promise<void> {
    const turn = turns.value.find((each) => each.id === id)
    if (turn?.state.kind !== 'done' || turn.cold.kind === 'running' || serving.value.kind !== 'on') return
    change(id, { cold: { kind: 'running' } })
    const { signal } = (ending = new AbortController())
    const maxTokens = Math.max(1, turn.state.answer.measurement.outputTokens)
    try {
      const answer = await client.call(
        'chat',
        { ...turn.request, maxTokens, chatId: `cold ${idOf(id)}`, useCache: false },
        signal,
      )
      change(id, { cold: { kind: 'done', answer } })
    } catch (thrown) {
      // However it ended: who stopped it, or the model under it, need not be told.
      change(id, { cold: signal.aborted ? { kind: 'none' } : { kind: 'failed', error: toErrorBody(thrown) } })
    }
  }

  function endAnswer(): void {
    ending?.abort()
  }

  function clear(): void {
    endAnswer()
    turns.value = []
    chosen.value = null
  }

  return {
    models,
    setup,
    answering,
    serving,
    error,
    turns,
    chosen,
    shown,
    shape,
    isLocal,
    check,
    busy,
    refresh,
    start,
    stop,
    ask,
    compare,
    endAnswer,
    clear,
  }
})
