import { BadRecord, quoted } from './bad-record'
import { asFields, hashIds, milliseconds, tokenCount, type Fields } from './fields'

/** What the rows of a session hold: only what is new since the row before, with or without the answer in between, or the whole prompt. */
export type ContextMode = 'deltas' | 'deltas-with-answers' | 'whole'

/** A prompt as a row gives it. */
export type RowPrompt =
  | { readonly kind: 'ids'; readonly tokens: number; readonly ids: readonly number[] }
  | { readonly kind: 'length'; readonly tokens: number }
  | { readonly kind: 'text'; readonly text: string }

/** A row of AIPerf's format for Mooncake traces, checked. */
export interface AiperfRow {
  readonly session: string | null
  readonly timestampMs: number | null
  readonly delayMs: number | null
  readonly outputTokens: number | null
  readonly contextMode: ContextMode | null
  readonly prompt: RowPrompt
}

/** Names of AIPerf's conversation context modes; the fourth, message_array_without_responses, is not in use there either. */
const contextModes: Readonly<Record<string, ContextMode>> = {
  deltas_without_responses: 'deltas',
  deltas_with_responses: 'deltas-with-answers',
  message_array_with_responses: 'whole',
}

/** Ways to give a prompt whose tokens depend on a model's chat template. */
const templated = ['messages', 'payload', 'tools'] as const

const given = (value: unknown): boolean => value !== undefined && value !== null

/**
 * Checks a row.
 * @throws BadRecord
 */
export function aiperfRow(record: unknown, blockTokens: number): AiperfRow {
  const fields = asFields(record)
  const optional = <T>(name: string, check: (value: unknown, name: string) => T): T | null =>
    given(fields[name]) ? check(fields[name], name) : null
  return {
    prompt: promptOf(fields, blockTokens),
    session: optional('session_id', sessionId),
    timestampMs: optional('timestamp', milliseconds),
    delayMs: optional('delay', milliseconds),
    outputTokens: optional('output_length', tokenCount),
    contextMode: optional('context_mode', contextMode),
  }
}

function promptOf(fields: Fields, blockTokens: number): RowPrompt {
  for (const name of templated) {
    if (given(fields[name])) {
      throw new BadRecord(
        `${name} is not supported: its tokens depend on the model's chat template`,
        'Only rows with input_length (with or without hash_ids) or text_input can be replayed.',
      )
    }
  }
  const text = fields['text_input']
  if (given(text)) {
    if (typeof text !== 'string') throw new BadRecord(`text_input is ${quoted(text)}, not a text`)
    for (const name of ['input_length', 'hash_ids']) {
      if (given(fields[name])) throw new BadRecord(`it has both text_input and ${name}`)
    }
    return { kind: 'text', text }
  }
  const tokens = tokenCount(fields['input_length'], 'input_length')
  if (!given(fields['hash_ids'])) return { kind: 'length', tokens }
  return { kind: 'ids', tokens, ids: hashIds(fields['hash_ids'], tokens, blockTokens) }
}

function sessionId(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new BadRecord(`session_id is ${quoted(value)}, not a text`)
}

function contextMode(value: unknown): ContextMode {
  const mode = typeof value === 'string' ? contextModes[value] : undefined
  if (mode === undefined) {
    throw new BadRecord(
      `context_mode is ${quoted(value)}, not one of ${Object.keys(contextModes).join(', ')}`,
    )
  }
  return mode
}
