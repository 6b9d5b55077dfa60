/** Keeps the first bytes of an output, and counts the rest: a host that floods costs time, never memory. */
export class BoundedOutput {
  readonly #limit: number
  readonly #pieces: Buffer[] = []
  #kept = 0
  #seen = 0

  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  add(piece: Buffer): void {
    this.#seen += piece.length
    if (this.#kept >= this.#limit) return
    const kept =
      piece.length <= this.#limit - this.#kept ? piece : piece.subarray(0, this.#limit - this.#kept)
    // A piece may be a part of a much larger buffer, which must not be kept for it.
    this.#pieces.push(Buffer.from(kept))
    this.#kept += kept.length
  }

  get truncated(): boolean {
    return this.#seen > this.#kept
  }

  /** UTF-8; bytes that are not valid are replaced. */
  text(): string {
    return Buffer.concat(this.#pieces).toString('utf8')
  }
}
