import { decodeFrame, headerBytes, inspectHeader, routeBytes, type Arrival, type FrameError } from './frame'

export type FrameEvent =
  | { readonly kind: 'packet'; readonly arrival: Arrival }
  | { readonly kind: 'error'; readonly error: FrameError }

/** Takes the body of one packet piece by piece; the bytes are only valid during the call. */
export interface BodySink {
  write(bytes: Uint8Array): void
}

/**
 * Bytes in, packets out; owns no socket.
 *
 * Pushed bytes are only read during the call, so the caller may reuse its buffer. Memory is bounded by one header and
 * one body of at most `maxBodyBytes`. After an error the stream has lost its frame boundaries: the decoder reports
 * it once and ignores what follows.
 */
export class FrameDecoder {
  readonly #emit: (event: FrameEvent) => void
  readonly #openBody: (arrival: Arrival) => BodySink | null
  readonly #fixedHeader = new Uint8Array(headerBytes)
  #head: Uint8Array = this.#fixedHeader
  #headFilled = 0
  #current: { readonly arrival: Arrival; readonly sink: BodySink } | null = null
  #bodyLeft = 0
  #broken = false

  /**
   * @param openBody may take a body piece by piece instead of having it collected; such a packet is emitted with an
   * empty body once all of it was written
   */
  constructor(
    emit: (event: FrameEvent) => void,
    openBody: (arrival: Arrival) => BodySink | null = () => null,
  ) {
    this.#emit = emit
    this.#openBody = openBody
  }

  push(bytes: Uint8Array): void {
    let offset = 0
    while (!this.#broken) {
      if (this.#current === null) offset += this.#fillHead(bytes, offset)
      if (this.#current !== null) {
        const take = Math.min(this.#bodyLeft, bytes.byteLength - offset)
        if (take > 0) this.#current.sink.write(bytes.subarray(offset, offset + take))
        this.#bodyLeft -= take
        offset += take
        if (this.#bodyLeft === 0) this.#finish(this.#current.arrival)
      }
      if (offset >= bytes.byteLength) return
    }
  }

  #fillHead(bytes: Uint8Array, offset: number): number {
    const take = Math.min(this.#head.byteLength - this.#headFilled, bytes.byteLength - offset)
    this.#head.set(bytes.subarray(offset, offset + take), this.#headFilled)
    this.#headFilled += take
    if (this.#headFilled === this.#head.byteLength) this.#headComplete()
    return take
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
    this.#bodyLeft = shape.bodyBytes
    const streamed = decodeFrame(this.#head, [])
    const sink = this.#openBody(streamed)
    if (sink !== null) {
      this.#current = { arrival: streamed, sink }
      return
    }
    const body = new CollectedBody(shape.bodyBytes)
    this.#current = { arrival: decodeFrame(this.#head, [body.bytes]), sink: body }
  }

  #finish(arrival: Arrival): void {
    this.#head = this.#fixedHeader
    this.#headFilled = 0
    this.#current = null
    this.#emit({ kind: 'packet', arrival })
  }
}

class CollectedBody implements BodySink {
  readonly bytes: Uint8Array
  #filled = 0

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength)
  }

  write(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#filled)
    this.#filled += bytes.byteLength
  }
}
