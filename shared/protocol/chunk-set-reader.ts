import type { BodySink } from './frame-decoder'
import { hashBytes } from './messages'

const missing = 0xffffffff

/** Where chunk bytes go as they arrive; `offset` counts from the chunk's first byte. The bytes are only valid in the call. */
export type ChunkPieceListener = (index: number, offset: number, bytes: Uint8Array) => void

/**
 * Reads the body of a `chunks` answer while it arrives, so that chunk bytes go where they belong without a copy of the
 * whole body in between. Same format as `decodeChunkSet`; memory is bounded by the list of at most 65,535 chunks.
 */
export class ChunkSetReader implements BodySink {
  readonly #onPiece: ChunkPieceListener
  #head = new Uint8Array(hashBytes + 2)
  #headFilled = 0
  #entries: EntryList | null = null
  #entry = 0
  #offset = 0
  #overrun = false

  constructor(onPiece: ChunkPieceListener) {
    this.#onPiece = onPiece
  }

  /** Chunks that came whole, in the order of the answer; null when the body was not a chunk set. */
  received(): number[] | null {
    const entries = this.#entries
    if (entries === null || this.#overrun || this.#entry < entries.count) return null
    const all = Array.from({ length: entries.count }, (_, i) => i)
    return all.filter((i) => entries.length(i) !== missing).map((i) => entries.index(i))
  }

  write(bytes: Uint8Array): void {
    let at = 0
    while (this.#entries === null && at < bytes.byteLength) at += this.#fillHead(bytes.subarray(at))
    const entries = this.#entries
    if (entries === null) return
    this.#skipEmpty(entries)
    while (at < bytes.byteLength) {
      if (this.#entry === entries.count) {
        this.#overrun = true
        return
      }
      const length = entries.length(this.#entry)
      const take = Math.min(length - this.#offset, bytes.byteLength - at)
      this.#onPiece(entries.index(this.#entry), this.#offset, bytes.subarray(at, at + take))
      this.#offset += take
      at += take
      if (this.#offset < length) return
      this.#entry += 1
      this.#offset = 0
      this.#skipEmpty(entries)
    }
  }

  /** First the hash and the count, then the list of chunks that the count announces. */
  #fillHead(bytes: Uint8Array): number {
    const take = Math.min(this.#head.byteLength - this.#headFilled, bytes.byteLength)
    this.#head.set(bytes.subarray(0, take), this.#headFilled)
    this.#headFilled += take
    if (this.#headFilled < this.#head.byteLength) return take
    const view = new DataView(this.#head.buffer)
    const count = view.getUint16(hashBytes, true)
    const whole = hashBytes + 2 + count * 8
    if (this.#headFilled < whole) {
      const longer = new Uint8Array(whole)
      longer.set(this.#head)
      this.#head = longer
      return take
    }
    this.#entries = new EntryList(view, count)
    this.#skipEmpty(this.#entries)
    return take
  }

  #skipEmpty(entries: EntryList): void {
    for (; this.#entry < entries.count; this.#entry++) {
      const length = entries.length(this.#entry)
      if (length !== missing && length !== 0) return
    }
  }
}

/** The list of chunks at the head of a body, read where it lies. */
class EntryList {
  readonly count: number
  readonly #view: DataView

  constructor(view: DataView, count: number) {
    this.#view = view
    this.count = count
  }

  index(entry: number): number {
    return this.#view.getUint32(hashBytes + 2 + entry * 8, true)
  }

  length(entry: number): number {
    return this.#view.getUint32(hashBytes + 6 + entry * 8, true)
  }
}
