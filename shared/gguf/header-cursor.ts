import { SkyError } from '../contract/errors'
import { utf8Text } from '../text/utf8'

/** Names and texts that are decoded, of all values and tensors, bytes; real files have below 1 MB. It bounds the time that a forged file takes. */
const mostTextBytes = 8 * 1024 * 1024

/** More bytes of the file are needed to go on; caught by whoever reads the file. */
export class MoreBytesNeeded extends Error {
  /** @param bytes of the file, from its beginning */
  constructor(readonly bytes: number) {
    super(`${bytes} bytes are needed`)
  }
}

export function damaged(file: string, what: string): SkyError {
  return new SkyError(
    'invalid_model',
    `${file}: ${what}`,
    'The file is no whole GGUF model: fetch it again, and compare its SHA-256 with that of its publisher.',
    { file },
  )
}

/**
 * Reads little-endian values from the beginning of a file. Every length is held against the bytes that the file has left before anything
 * is read or allocated.
 */
export class HeaderCursor {
  position = 0
  readonly #view: DataView
  #textBytes = 0

  /**
   * @param file names the file in messages
   * @param prefix the first bytes of the file
   * @param fileBytes of the whole file
   */
  constructor(
    readonly file: string,
    private readonly prefix: Uint8Array,
    readonly fileBytes: number,
  ) {
    this.#view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  /** Numbers above 2^53 are rounded: none of them is a valid length or place. A bigint would take ten times as long. */
  u64(): number {
    const low = this.#take(8)
    return this.#view.getUint32(low + 4, true) * 2 ** 32 + this.#view.getUint32(low, true)
  }

  i64(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true))
  }

  text(): string {
    const length = this.u64()
    this.#textBytes += length
    if (this.#textBytes > mostTextBytes && length <= this.fileBytes - this.position) {
      throw this.damaged(`its names and texts take more than ${mostTextBytes / 1024 / 1024} MiB`)
    }
    const start = this.#take(length)
    return utf8Text(this.prefix.subarray(start, start + length))
  }

  skipText(): void {
    this.skip(this.u64())
  }

  skip(bytes: number): void {
    this.#hold(bytes)
    this.position += bytes
  }

  /**
   * A number of things that follow.
   * @param leastBytes that each of them takes
   * @param most that a real file has
   */
  count(what: string, leastBytes: number, most: number): number {
    const count = this.u64()
    const left = this.fileBytes - this.position
    if (count > most || count * leastBytes > left) {
      throw this.damaged(`it says that it has ${count} ${what}, but only ${left} bytes are left for them`)
    }
    return count
  }

  damaged(what: string): SkyError {
    return damaged(this.file, what)
  }

  #take(bytes: number): number {
    this.#hold(bytes)
    const start = this.position
    const end = start + bytes
    if (end > this.prefix.length) throw new MoreBytesNeeded(end)
    this.position = end
    return start
  }

  #hold(bytes: number): void {
    if (this.position + bytes <= this.fileBytes) return
    throw this.damaged(
      `the file ends after ${this.fileBytes} bytes, in the middle of its header: it is truncated or damaged`,
    )
  }
}
