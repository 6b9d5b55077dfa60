import { decodeFrame, headerBytes, inspectHeader, routeBytes, type Arrival, type FrameError } from './frame'

export type FrameEvent =
  | { readonly kind: 'packet'; readonly arrival: Arrival }
  | { readonly kind: 'error'; readonly error: FrameError }

/**
 * Bytes in, packets out; owns no socket.
 *
 * Pushed bytes are only read during the call, so the caller may reuse its buffer. Memory is bounded by one header and
 * one body of at most `maxBodyBytes`. After an error the stream has lost its frame boundaries: the decoder reports
 * it once and ignores what follows.
 */
export class FrameDecoder {
  readonly #emit: (event: FrameEvent) => void
  readonly #fixedHeader = new Uint8Array(headerBytes)
  #head: Uint8Array = this.#fixedHeader
  #headFilled = 0
  #body: Uint8Array | null = null
  #bodyBytes = 0
  #bodyFilled = 0
  #broken = false

  constructor(emit: (event: FrameEvent) => void) {
    this.#emit = emit
  }

  push(bytes: Uint8Array): void {
    let offset = 0
    while (!this.#broken) {
      offset = this.#body === null ? this.#fillHead(bytes, offset) : this.#fillBody(this.#body, bytes, offset)
      if (this.#body !== null && this.#bodyFilled === this.#bodyBytes) this.#finish(this.#body)
      else if (offset >= bytes.byteLength) return
    }
  }

  #fillHead(bytes: Uint8Array, offset: number): number {
    const take = Math.min(this.#head.byteLength - this.#headFilled, bytes.byteLength - offset)
    this.#head.set(bytes.subarray(offset, offset + take), this.#headFilled)
    this.#headFilled += take
    if (this.#headFilled === this.#head.byteLength) this.#headComplete()
    return offset + take
  }

  /** Either the fixed header is complete, or the fixed header with its route. */
  #headComplete(): void {
    const shape = inspectHeader(this.#head)
    if ('message' in shape) {
      this.#broken = true
      this.#emit({ kind: 'error', error: shape })
      return
    }
    if (this.#head === this.#fixedHeader && shape.routeSteps > 0) {
      this.#head = new Uint8Array(headerBytes + routeBytes(shape))
      this.#head.set(this.#fixedHeader)
      return
    }
    this.#bodyBytes = shape.bodyBytes
    this.#bodyFilled = 0
    this.#body = new Uint8Array(shape.bodyBytes)
  }

  #fillBody(body: Uint8Array, bytes: Uint8Array, offset: number): number {
    const take = Math.min(this.#bodyBytes - this.#bodyFilled, bytes.byteLength - offset)
    body.set(bytes.subarray(offset, offset + take), this.#bodyFilled)
    this.#bodyFilled += take
    return offset + take
  }

  #finish(body: Uint8Array): void {
    const arrival = decodeFrame(this.#head, body)
    this.#head = this.#fixedHeader
    this.#headFilled = 0
    this.#body = null
    this.#emit({ kind: 'packet', arrival })
  }
}
