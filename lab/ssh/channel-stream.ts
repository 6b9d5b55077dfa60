import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'

/**
 * A channel as a stream like any other. Those of ssh2 are silent when their connection is lost, never finish a write after the other
 * end has closed, and do not end by `destroy`: others must not need to know.
 */
export class ChannelStream extends Duplex {
  readonly #channel: ClientChannel

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: true })
    this.#channel = channel
    channel.on('data', (piece: Buffer) => {
      if (!this.push(piece)) channel.pause()
    })
    channel.on('end', () => this.push(null))
    channel.on('close', () => {
      // What was read already may still be on its way to the reader.
      if (this.readableEnded) this.destroy()
      else this.once('end', () => this.destroy())
    })
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#channel.writable) return done(new Error('the other end has closed'))
    this.#channel.write(piece, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.close()
    // Nobody reads any more: what still comes must not fill the connection's window.
    this.#channel.resume()
    done(error)
  }
}
