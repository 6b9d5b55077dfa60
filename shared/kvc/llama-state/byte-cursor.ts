import { badState } from './state-layout'

/** Reads little-endian numbers one after another, and never beyond the end. */
export class ByteCursor {
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get offset(): number {
    return this.#offset
  }

  u32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true)
  }

  i32(what: string): number {
    return this.#view.getInt32(this.skip(4, what), true)
  }

  /** @param most a count or a length above it is refused before it is used for anything */
  count(what: string, most: number): number {
    const value = this.u32(what)
    if (value > most) throw badState(`${what} is ${value}, more than ${most}`)
    return value
  }

  length(what: string, most: number): number {
    const value = this.#view.getBigUint64(this.skip(8, what), true)
    if (value > BigInt(most)) throw badState(`${what} is ${value}, more than ${most}`)
    return Number(value)
  }

  /** Before anything is allocated for so many bytes. */
  ensure(bytes: number, what: string): void {
    if (bytes > this.#view.byteLength - this.#offset) {
      throw badState(`it ends within ${what}, at byte ${this.#view.byteLength}`)
    }
  }

  /** Step over bytes; returns where they begin. */
  skip(bytes: number, what: string): number {
    this.ensure(bytes, what)
    const start = this.#offset
    this.#offset = start + bytes
    return start
  }
}
