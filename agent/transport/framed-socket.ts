import type { Socket } from 'node:net'
import { FrameDecoder, type BodySink } from '#shared/protocol/frame-decoder'
import { encodeHeader, type Arrival } from '#shared/protocol/frame'
import { bodyBytes, type Packet } from '#shared/protocol/packet'
import type { Position } from '#shared/constellation/torus'

/**
 * Bytes that may wait in one connection's queue before packets are dropped. The ground station bounds what is in
 * flight, so this is only reached when a peer stops reading.
 */
export const maxQueuedBytes = 512 * 1024 * 1024

/** A frame up to this length is one write: joining it costs less than a further write. */
const joinedFrameBytes = 4 * 1024

/** Frames in and out of one socket. All packets of one turn of the event loop leave in one system call. */
export class FramedSocket {
  readonly #socket: Socket
  readonly #decoder: FrameDecoder
  #corked = false

  constructor(
    socket: Socket,
    onArrival: (arrival: Arrival) => void,
    onError: (message: string) => void,
    openBody: (arrival: Arrival) => BodySink | null,
  ) {
    this.#socket = socket
    this.#decoder = new FrameDecoder((event) => {
      if (event.kind === 'packet') onArrival(event.arrival)
      else onError(event.error.message)
    }, openBody)
    socket.setNoDelay(true)
  }

  /** Feed received bytes; they may be reused after the call. */
  receive(bytes: Uint8Array): void {
    this.#decoder.push(bytes)
  }

  send(packet: Packet, at: Position): boolean {
    if (this.#socket.destroyed || this.#socket.writableLength + bodyBytes(packet) > maxQueuedBytes)
      return false
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    const parts = [encodeHeader(packet, at), ...packet.body]
    if (bodyBytes(packet) <= joinedFrameBytes) this.#socket.write(Buffer.concat(parts))
    else for (const part of parts) this.#socket.write(part)
    return true
  }

  close(): void {
    this.#socket.destroy()
  }
}
