import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseState } from '#shared/kvc/llama-state/parse-state'
import { sliceBlock } from '#shared/kvc/llama-state/slice-block'
import { stateFile as stateOf } from '#shared/kvc/llama-state/testing/state-file'
import type { LoadedModel } from './model-control'
import { tryCache, type TriedModel } from './try-cache'

const folder = mkdtempSync(join(tmpdir(), 'sky-trial-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const stateFile = join(folder, 'state')
const layout = [{ keyType: 1, keyRowBytes: 2, valueType: 1, valueRowBytes: 2 }]

interface Kind {
  readonly contextTokens: number
  /** How many prompts it ends at once. */
  readonly silent?: number
  /** Its answer depends on how many tokens it has computed itself: a state that no file holds. */
  readonly remembers?: boolean
  /** Bytes behind the keys and values, such as a second cache. */
  readonly more?: readonly number[]
}

/** A model whose keys and values are the tokens themselves, and whose logits are all that it has in its cache. */
class SmallModel implements TriedModel {
  begun = 0
  readonly #kind: Kind
  #cells: number[] = []
  #computed = 0

  constructor(kind: Kind) {
    this.#kind = kind
  }

  describe(): LoadedModel {
    const { contextTokens } = this.#kind
    const about = { architecture: 'novel', beginOfText: null, hasChatTemplate: false, threads: 1 }
    return { ...about, contextTokens, vocabulary: 200, library: '', processor: '' }
  }

  async begin(file: string | null): Promise<{ loadMs: number }> {
    this.begun += 1
    this.#computed = 0
    this.#cells = []
    if (file !== null) {
      const bytes = readFileSync(file)
      const state = parseState(bytes)
      this.#cells = Array.from(state.tokens, (_, i) => sliceBlock(state, bytes, i, 1)[2] ?? 0)
    }
    return { loadMs: 0 }
  }

  async evaluate(tokens: readonly number[]): Promise<void> {
    this.#computed += tokens.length
    this.#cells.push(...tokens)
  }

  async generate(
    { tokens, maxTokens }: { readonly tokens: readonly number[]; readonly maxTokens: number },
    onToken: (token: { id: number; text: string; logits: string }) => void,
  ): Promise<{ end: 'stop' | 'length' }> {
    await this.evaluate(tokens)
    if (this.begun <= (this.#kind.silent ?? 0)) return { end: 'stop' }
    for (let id = 0; id < maxTokens; id++) {
      const remembered = this.#kind.remembers === true ? this.#computed : ''
      onToken({ id, text: '', logits: `${this.#cells.join()} ${remembered}` })
    }
    return { end: 'length' }
  }

  async save(file: string): Promise<{ bytes: number }> {
    const cells = this.#cells
    const byteOf = (_: number, position: number): number => cells[position] ?? 0
    const positions = cells.map((_, i) => i)
    const bytes = stateOf({ layout, tokens: cells, positions, keyByte: byteOf, valueByte: byteOf })
    writeFileSync(file, Uint8Array.from([...bytes, ...(this.#kind.more ?? [])]))
    return { bytes: bytes.length }
  }
}

const trial = { blockTokens: 8, stateFile }

describe('the trial of a cache', () => {
  test('passes a plain one, from nothing, from one block and from two, and leaves no file', async () => {
    const model = new SmallModel({ contextTokens: 64 })
    await tryCache(model, trial)
    expect(model.begun).toBe(3)
    expect(existsSync(stateFile)).toBe(false)
  })

  test('refuses a model that remembers more than its cache', async () => {
    const model = new SmallModel({ contextTokens: 64, remembers: true })
    await expect(tryCache(model, trial)).rejects.toMatchObject({
      code: 'not_supported',
      message: 'with 1 of 2 blocks from its cache the model answers otherwise than without',
    })
    expect(existsSync(stateFile)).toBe(false)
  })

  test('refuses a state that is more than keys and values', async () => {
    const model = new SmallModel({ contextTokens: 64, more: [1, 0, 0, 0] })
    await expect(tryCache(model, trial)).rejects.toThrow(/4 bytes follow its end/)
  })

  test('notices a changed value', async () => {
    const onTheWay = (block: Uint8Array): Uint8Array => block.with(block.length - 2, 255)
    const spoilt = { ...trial, onTheWay }
    await expect(tryCache(new SmallModel({ contextTokens: 64 }), spoilt)).rejects.toThrow(/otherwise/)
  })

  test('takes another prompt where a model ends its answer at once, and gives up on one that always does', async () => {
    const model = new SmallModel({ contextTokens: 64, silent: 2 })
    await tryCache(model, trial)
    expect(model.begun).toBe(5)
    const mute = new SmallModel({ contextTokens: 64, silent: Infinity })
    await expect(tryCache(mute, trial)).rejects.toThrow('gives no answer')
  })

  test.each([
    // Two cells stay free: a block, one token of the prompt and one of the answer need 12.
    [11, 0],
    [12, 2],
    [19, 2],
    [20, 3],
  ])('in a context of %i tokens begins %i times', async (contextTokens, times) => {
    const model = new SmallModel({ contextTokens })
    await tryCache(model, trial)
    expect(model.begun).toBe(times)
  })
})
