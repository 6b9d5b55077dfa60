import { ground, type Arrival } from '#shared/protocol/frame'
import type { BodySink } from '#shared/protocol/frame-decoder'
import { PacketFlag, PacketKind, type Packet } from '#shared/protocol/packet'
import { SkyError } from '#shared/contract/errors'
import type { Position } from '#shared/constellation/torus'
import { answerLimitMs } from '#shared/kvc/protocol-limits'
import { account, emptyTotals, type DelayLine, type DelayTotals } from '../../network/delay-line'
import type { TrialNetwork } from '#shared/network/trial-network'
import type { Transport } from '../../transport/transport'

export interface Request {
  readonly kind: PacketKind
  readonly destination: Position
  readonly epoch: number
  readonly body: readonly Uint8Array[]
  readonly recordRoute?: boolean
  /** Takes the body of a `chunks` answer as it arrives. */
  readonly sink?: BodySink
  /** How long to wait for the answer; 10 s unless told otherwise. */
  readonly limitMs?: number
}

interface Pending {
  readonly resolve: (answer: Packet) => void
  readonly reject: (error: SkyError) => void
  readonly timer: NodeJS.Timeout
  readonly planes: readonly number[]
  readonly sink: BodySink | null
}

/**
 * The inference host's end of the satellite network: sends requests up through the LOS window, or into the satellite
 * that carries the model, and matches the answers.
 */
export class GroundStation {
  readonly #transport: Transport
  readonly #delayLine: DelayLine
  readonly #hostOfPlane: (plane: number) => string
  readonly network: TrialNetwork
  /** In `real` delay mode: the light time of all links of a round trip, and how long they held its packets. */
  readonly roundTrips: DelayTotals = emptyTotals()
  readonly #pending = new Map<number, Pending>()
  #nextRequestId = 1

  constructor(
    transport: Transport,
    delayLine: DelayLine,
    network: TrialNetwork,
    hostOfPlane: (plane: number) => string,
  ) {
    this.#transport = transport
    this.#delayLine = delayLine
    this.network = network
    this.#hostOfPlane = hostOfPlane
  }

  /**
   * Send a request and wait for its answer.
   * @throws SkyError unreachable: no way, a host on the way was lost, or no answer in time
   */
  request(request: Request): Promise<Packet> {
    const gateway = this.#gateway(request)
    if (gateway === null)
      return Promise.reject(unreachable(request.destination, 'no usable satellite is in sight'))
    const requestId = this.#nextRequestId
    this.#nextRequestId = (this.#nextRequestId % 0xffff_fffe) + 1
    const limitMs = request.limitMs ?? answerLimitMs
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(requestId)
        reject(unreachable(request.destination, `no answer within ${limitMs / 1000} s`))
      }, limitMs)
      const planes = [gateway.plane, request.destination.plane]
      this.#pending.set(requestId, { resolve, reject, timer, planes, sink: request.sink ?? null })
      this.#launch(request, gateway, requestId)
    })
  }

  /** Send a packet that nobody answers. */
  send(request: Request): void {
    const gateway = this.#gateway(request)
    if (gateway !== null) this.#launch(request, gateway, 0)
  }

  /** Where the body of an arriving answer goes; null: it is collected. */
  openBody({ packet }: Arrival): BodySink | null {
    if (packet.kind !== PacketKind.chunks) return null
    return this.#pending.get(packet.requestId)?.sink ?? null
  }

  /** A packet has come down to the inference host. */
  arrive({ packet }: Arrival): void {
    const pending = this.#take(packet.requestId)
    if (pending === null) return
    if (this.#delayLine.mode === 'real')
      account(this.roundTrips, packet.demandedUs / 1000, packet.achievedUs / 1000)
    if (packet.kind === PacketKind.unreachable) {
      pending.reject(unreachable(packet.origin, 'a satellite or link on the way has failed'))
    } else {
      pending.resolve(packet)
    }
  }

  /** A satellite host is gone: nothing that it carries, or that entered through it, will answer. */
  hostLost(hostId: string): void {
    for (const [requestId, pending] of this.#pending) {
      const plane = pending.planes.find((candidate) => this.#hostOfPlane(candidate) === hostId)
      if (plane === undefined) continue
      this.#take(requestId)
      pending.reject(new SkyError('unreachable', `satellite host ${hostId} is not connected`))
    }
  }

  /** Fail everything that is still waiting. */
  close(reason: string): void {
    for (const requestId of [...this.#pending.keys()]) {
      this.#take(requestId)?.reject(new SkyError('cancelled', reason))
    }
  }

  #gateway({ destination, epoch }: Request): Position | null {
    if (this.network.isFailed(destination)) return null
    return this.network.gateway(destination, epoch)
  }

  #take(requestId: number): Pending | null {
    const pending = this.#pending.get(requestId)
    if (pending === undefined) return null
    clearTimeout(pending.timer)
    this.#pending.delete(requestId)
    return pending
  }

  #launch(request: Request, gateway: Position, requestId: number): void {
    const onBoard = this.network.modelOnBoard
    const packet: Packet = {
      kind: request.kind,
      flags: (onBoard ? 0 : PacketFlag.ground) | (request.recordRoute ? PacketFlag.recordRoute : 0),
      ttl: this.network.maxHops,
      hops: 0,
      requestHops: 0,
      requestId,
      origin: gateway,
      destination: request.destination,
      epoch: request.epoch,
      propagationUs: 0,
      demandedUs: 0,
      achievedUs: 0,
      route: [],
      body: request.body,
    }
    const launch = (): void => {
      if (this.#transport.send(this.#hostOfPlane(gateway.plane), packet, gateway)) return
      const reason = `satellite host ${this.#hostOfPlane(gateway.plane)} is not connected`
      this.#take(requestId)?.reject(unreachable(request.destination, reason))
    }
    if (onBoard) launch()
    else this.#delayLine.traverse(packet, this.network.groundLightTimeUs(gateway, request.epoch), launch)
  }
}

/** Whether a frame is for the inference host. */
export const isForGround = ({ at }: Arrival): boolean => at.slot === ground.slot && at.plane === ground.plane

function unreachable({ slot, plane }: Position, reason: string): SkyError {
  return new SkyError(
    'unreachable',
    `the satellite at slot ${slot}, plane ${plane} cannot be reached: ${reason}`,
  )
}
