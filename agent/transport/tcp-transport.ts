import type { Server, Socket } from 'node:net'
import type { LabTopology, Peer } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { Position } from '#shared/constellation/torus'
import { ground } from '#shared/protocol/frame'
import type { Packet } from '#shared/protocol/packet'
import type { Log } from '../log'
import { FramedSocket } from './framed-socket'
import { acceptHello, helloPacket } from './handshake'
import { PeerConnection } from './peer-connection'
import { RepeatedLines } from './repeated-lines'
import type { Transport, TransportListener } from './transport'
import { plainWire, type ProvenNames, type Wire } from './wire'

/** A connection that does not say who it is within this time is closed. */
const handshakeLimitMs = 3_000
/** Time that a call may take until the other host has said who it is; packets to a host that is off are lost without a word. */
const dialLimitMs = 8_000
/** Wait before dialling a lost peer again: doubles from the first to the last. */
const redialFirstMs = 25
const redialLastMs = 1_000

interface Dial {
  /** Where the peer listens: another place is another call. */
  readonly place: string
  socket: Socket | null
  timer: NodeJS.Timeout | null
}

/**
 * One multiplexed connection per pair of hosts, over plain TCP or mutual TLS.
 * Of two satellite hosts the one that comes first in the lab's list dials; the inference host dials all of them.
 */
export class TcpTransport implements Transport {
  readonly #hostId: string
  readonly #log: Log
  readonly #refusals: RepeatedLines
  readonly #wire: Wire
  readonly #listener: TransportListener
  readonly #connections = new Map<string, PeerConnection>()
  readonly #dialled = new Map<string, Dial>()
  readonly #accepted = new Set<Socket>()
  #server: Server | null = null
  #topology: LabTopology | null = null

  constructor(hostId: string, listener: TransportListener, log: Log, wire: Wire = plainWire) {
    this.#hostId = hostId
    this.#listener = listener
    this.#log = log
    this.#refusals = new RepeatedLines(log)
    this.#wire = wire
  }

  /** Accept connections of peers; resolves to the port. @throws SkyError `port_in_use`, `invalid_argument` */
  async listen(address: string, port: number): Promise<number> {
    const server = this.#wire.serve(
      (socket, names) => this.#accept(socket, names),
      (caller, reason) => this.#refused(caller, reason),
    )
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(cannotListen(address, port, error)))
      server.listen(port, address, resolve)
    })
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : port
  }

  /** Take a new list of peers: dial those that are new or moved, drop those that are gone. */
  configure(topology: LabTopology): void {
    this.#topology = topology
    const wanted = new Map(this.#peersToDial(topology).map((peer) => [peer.hostId, peer]))
    for (const [hostId, dial] of this.#dialled) {
      const peer = wanted.get(hostId)
      if (peer === undefined || placeOf(peer) !== dial.place) this.#stopDialling(hostId)
    }
    for (const peer of wanted.values()) {
      if (this.#dialled.has(peer.hostId)) continue
      this.#dialled.set(peer.hostId, { place: placeOf(peer), socket: null, timer: null })
      this.#dial(peer, redialFirstMs)
    }
  }

  send(hostId: string, packet: Packet, at: Position): boolean {
    return this.#connections.get(hostId)?.framed.send(packet, at) ?? false
  }

  isConnected(hostId: string): boolean {
    return this.#connections.has(hostId)
  }

  connectedPeers(): string[] {
    return [...this.#connections.keys()].sort()
  }

  close(): void {
    for (const hostId of [...this.#dialled.keys()]) this.#stopDialling(hostId)
    for (const socket of this.#accepted) socket.destroy()
    this.#server?.close()
  }

  #peersToDial(topology: LabTopology): Peer[] {
    const own = topology.peers.findIndex((peer) => peer.hostId === this.#hostId)
    return own === -1 ? topology.peers : topology.peers.slice(own + 1)
  }

  #dial(peer: Peer, backoffMs: number): void {
    const dial = this.#dialled.get(peer.hostId)
    const topology = this.#topology
    if (dial === undefined || topology === null) return
    let framed: FramedSocket | null = null
    let connection: PeerConnection | null = null
    const socket = this.#wire.dial(
      peer,
      (bytes) => {
        connection?.heard()
        framed?.receive(bytes)
      },
      () => framed?.send(helloPacket(this.#hostId, topology.token), ground),
    )
    dial.socket = socket
    dial.timer = null
    const limit = setTimeout(() => socket.destroy(), dialLimitMs)
    const refuse = (reason: string): void => {
      this.#refusals.warn(`connection to ${peer.hostId} (${placeOf(peer)}) closed: ${reason}`)
      socket.destroy()
    }
    framed = new FramedSocket(
      socket,
      (arrival) => {
        if (connection !== null) return connection.arrived(arrival)
        // On this side the wire has checked whom the certificate names before it opened.
        if (acceptHello(arrival.packet, topology, null) !== peer.hostId)
          return refuse('it did not answer as itself')
        clearTimeout(limit)
        connection = this.#add(peer.hostId, framed as FramedSocket)
      },
      (message) => refuse(`it sent bytes that are not packets: ${message}`),
      (arrival) => (connection === null ? null : this.#listener.openBody(arrival)),
    )
    socket.on('error', (error) => {
      // A host that is not there yet is no news; one that is not trusted is.
      if (isTlsFailure(error)) refuse(error.message)
    })
    socket.once('close', () => {
      clearTimeout(limit)
      if (connection !== null) this.#remove(connection)
      if (this.#dialled.get(peer.hostId) !== dial) return
      const next = connection === null ? Math.min(backoffMs * 2, redialLastMs) : redialFirstMs
      dial.timer = setTimeout(() => this.#dial(peer, next), backoffMs)
    })
  }

  #stopDialling(hostId: string): void {
    const dial = this.#dialled.get(hostId)
    this.#dialled.delete(hostId)
    if (dial?.timer) clearTimeout(dial.timer)
    dial?.socket?.destroy()
  }

  #accept(socket: Socket, names: ProvenNames): void {
    this.#accepted.add(socket)
    let connection: PeerConnection | null = null
    const refuse = (reason: string): void => {
      this.#refused(socket.remoteAddress ?? 'unknown', reason)
      socket.destroy()
    }
    const timer = setTimeout(() => refuse('a caller did not say who it is in time'), handshakeLimitMs)
    const framed = new FramedSocket(
      socket,
      (arrival) => {
        if (connection !== null) return connection.arrived(arrival)
        const hostId = this.#topology === null ? null : acceptHello(arrival.packet, this.#topology, names)
        if (hostId === null) return refuse(stranger(names))
        clearTimeout(timer)
        framed.send(helloPacket(this.#hostId, this.#topology?.token ?? ''), ground)
        connection = this.#add(hostId, framed)
      },
      (message) => refuse(`${connection?.hostId ?? 'a caller'} sent bytes that are not packets: ${message}`),
      (arrival) => (connection === null ? null : this.#listener.openBody(arrival)),
    )
    socket.on('data', (bytes) => {
      connection?.heard()
      framed.receive(bytes)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#accepted.delete(socket)
      if (connection !== null) this.#remove(connection)
    })
  }

  #refused(caller: string, reason: string): void {
    this.#refusals.warn(`connection from ${caller} closed: ${reason}`)
  }

  #add(hostId: string, framed: FramedSocket): PeerConnection {
    const earlier = this.#connections.get(hostId)
    const connection = new PeerConnection(
      hostId,
      framed,
      this.#listener,
      this.#wire.silenceLimitMs,
      this.#log,
    )
    this.#connections.set(hostId, connection)
    earlier?.close()
    this.#listener.onPeerConnected(hostId)
    return connection
  }

  #remove(connection: PeerConnection): void {
    connection.close()
    const { hostId } = connection
    if (this.#connections.get(hostId) !== connection) return
    this.#connections.delete(hostId)
    this.#listener.onPeerLost(hostId)
  }
}

function placeOf({ address, port }: Peer): string {
  return `${address}:${port}`
}

function stranger(names: ProvenNames): string {
  const who = names === null ? 'a caller' : `the holder of the certificate of ${names.join(', ') || 'nobody'}`
  return `${who} that this host was not told about`
}

/** Whether a certificate or the protocol was the reason, and not the way to the host. */
function isTlsFailure(error: Error): boolean {
  const { code = '', library } = error as Error & { code?: string; library?: string }
  return library === 'SSL routines' || !/^E[A-Z]+$/.test(code)
}

function cannotListen(address: string, port: number, error: Error): SkyError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') {
    return new SkyError(
      'port_in_use',
      `port ${port} of ${address} is taken by another program`,
      'End that program, or choose another port.',
    )
  }
  return new SkyError('invalid_argument', `cannot listen on ${address}, port ${port}: ${error.message}`)
}
