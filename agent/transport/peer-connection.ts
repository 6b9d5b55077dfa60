import { ground, type Arrival } from '#shared/protocol/frame'
import { PacketKind } from '#shared/protocol/packet'
import type { Log } from '../log'
import type { FramedSocket } from './framed-socket'
import { heartbeatPacket } from './handshake'
import { Heartbeat } from './heartbeat'
import type { TransportListener } from './transport'

/** A connection to a host that has said and proven who it is. */
export class PeerConnection {
  readonly hostId: string
  readonly framed: FramedSocket
  readonly #listener: TransportListener
  readonly #heartbeat: Heartbeat | null

  /** @param silenceLimitMs null: no signs of life are needed */
  constructor(
    hostId: string,
    framed: FramedSocket,
    listener: TransportListener,
    silenceLimitMs: number | null,
    log: Log,
  ) {
    this.hostId = hostId
    this.framed = framed
    this.#listener = listener
    this.#heartbeat =
      silenceLimitMs === null
        ? null
        : new Heartbeat({
            silenceLimitMs,
            send: () => void framed.send(heartbeatPacket(), ground),
            onSilence: () => {
              log.warn(`connection to ${hostId} closed: nothing was heard for ${silenceLimitMs / 1000} s`)
              this.close()
            },
          })
  }

  /** Bytes have arrived. */
  heard(): void {
    this.#heartbeat?.heard()
  }

  arrived(arrival: Arrival): void {
    if (arrival.packet.kind !== PacketKind.heartbeat) this.#listener.onArrival(arrival, this.hostId)
  }

  close(): void {
    this.#heartbeat?.stop()
    this.framed.close()
  }
}
