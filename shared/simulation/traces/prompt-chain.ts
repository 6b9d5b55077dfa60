import { blockHashes } from '../../kvc/block-hash'

/** Parent of the first block: traces have one namespace. */
const root = new Uint8Array(32)
/** Bytes of a hash by which blocks are told apart: 128 bits never meet by chance. */
const keyBytes = 16

/** Numbers blocks by the hash chain of their tokens (shared/kvc/block-hash.ts): equal number = equal tokens after an equal prefix. */
export class ChainedBlocks {
  readonly #numbers = new Map<string, number>()
  readonly #fresh: () => number
  readonly blockTokens: number

  constructor(blockTokens: number, fresh: () => number) {
    this.blockTokens = blockTokens
    this.#fresh = fresh
  }

  numberOf(hash: Uint8Array): number {
    const key = String.fromCharCode(...hash.subarray(0, keyBytes))
    const known = this.#numbers.get(key) ?? this.#fresh()
    this.#numbers.set(key, known)
    return known
  }

  chain(): PromptChain {
    return new PromptChain(this)
  }
}

/** A conversation as it grows: what was hashed once is not hashed again. */
export class PromptChain {
  readonly #blocks: ChainedBlocks
  readonly #whole: number[] = []
  #parent: Uint8Array = root
  /** Tokens after the last whole block. */
  #rest: number[] = []

  constructor(blocks: ChainedBlocks) {
    this.#blocks = blocks
  }

  get tokens(): number {
    return this.#whole.length * this.#blocks.blockTokens + this.#rest.length
  }

  append(tokens: readonly number[]): void {
    const { blockTokens } = this.#blocks
    const all = this.#rest.concat(tokens)
    for (const hash of blockHashes(all, blockTokens, this.#parent)) {
      this.#whole.push(this.#blocks.numberOf(hash))
      this.#parent = hash
    }
    this.#rest = all.slice(all.length - (all.length % blockTokens))
  }

  /** The blocks of what was appended and of these tokens behind it, a partial last one included. */
  blocksWith(tail: readonly number[]): number[] {
    const { blockTokens } = this.#blocks
    const all = this.#rest.concat(tail)
    const blocks = [...this.#whole]
    let parent = this.#parent
    for (const hash of blockHashes(all, blockTokens, parent)) {
      blocks.push(this.#blocks.numberOf(hash))
      parent = hash
    }
    const partial = all.slice(all.length - (all.length % blockTokens))
    if (partial.length > 0) {
      const [hash] = blockHashes(partial, partial.length, parent)
      blocks.push(this.#blocks.numberOf(hash as Uint8Array))
    }
    return blocks
  }
}
