import { connect, createServer, type Server, type Socket } from 'node:net'
import type { LabTopology, Peer } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { Position } from '#shared/constellation/torus'
import { ground } from '#shared/protocol/frame'
import type { Packet } from '#shared/protocol/packet'
import type { Log } from '../log'
import { FramedSocket } from './framed-socket'
import { acceptHello, helloPacket } from './handshake'
import type { Transport, TransportListener } from './transport'

/** A connection that does not say who it is within this time is closed. */
const handshakeLimitMs = 3_000
/** Wait before dialling a lost peer again: doubles from the first to the last. */
const redialFirstMs = 25
const redialLastMs = 1_000
/** Large reads keep the number of system calls down when blocks arrive; what is read still lies in the core's cache when it is copied. */
const readBufferBytes = 128 * 1024

/**
 * One multiplexed TCP connection per pair of hosts.
 * Of two satellite hosts the one that comes first in the lab's list dials; the inference host dials all of them.
 */
export class TcpTransport implements Transport {
  readonly #hostId: string
  readonly #log: Log
  readonly #listener: TransportListener
  readonly #connections = new Map<string, FramedSocket>()
  readonly #dialled = new Map<
    string,
    { address: string; socket: Socket | null; timer: NodeJS.Timeout | null }
  >()
  readonly #accepted = new Set<Socket>()
  #server: Server | null = null
  #topology: LabTopology | null = null

  constructor(hostId: string, listener: TransportListener, log: Log) {
    this.#hostId = hostId
    this.#listener = listener
    this.#log = log
  }

  /** Accept connections of peers; resolves to the port. @throws SkyError `port_in_use`, `invalid_argument` */
  async listen(address: string, port: number): Promise<number> {
    const server = createServer((socket) => this.#accept(socket))
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
      if (peer === undefined || `${peer.address}:${peer.port}` !== dial.address) this.#stopDialling(hostId)
    }
    for (const peer of wanted.values()) {
      if (this.#dialled.has(peer.hostId)) continue
      this.#dialled.set(peer.hostId, { address: `${peer.address}:${peer.port}`, socket: null, timer: null })
      this.#dial(peer, redialFirstMs)
    }
  }

  send(hostId: string, packet: Packet, at: Position): boolean {
    return this.#connections.get(hostId)?.send(packet, at) ?? false
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
    const socket = connect({
      host: peer.address,
      port: peer.port,
      onread: {
        buffer: new Uint8Array(readBufferBytes),
        callback: (bytes, buffer) => {
          framed?.receive(buffer.subarray(0, bytes))
          return true
        },
      },
    })
    dial.socket = socket
    dial.timer = null
    let established = false
    framed = new FramedSocket(
      socket,
      (arrival) => {
        if (established) return this.#listener.onArrival(arrival, peer.hostId)
        if (acceptHello(arrival.packet, topology) !== peer.hostId) {
          return this.#refuse(socket, `${peer.hostId} did not answer as itself`)
        }
        established = true
        if (framed !== null) this.#add(peer.hostId, framed)
      },
      (message) => this.#refuse(socket, `${peer.hostId} sent bytes that are not packets: ${message}`),
      (arrival) => this.#listener.openBody(arrival),
    )
    socket.once('connect', () => framed.send(helloPacket(this.#hostId, topology.token), ground))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#remove(peer.hostId, framed)
      if (this.#dialled.get(peer.hostId) !== dial) return
      const next = established ? redialFirstMs : Math.min(backoffMs * 2, redialLastMs)
      dial.timer = setTimeout(() => this.#dial(peer, next), backoffMs)
    })
  }

  #stopDialling(hostId: string): void {
    const dial = this.#dialled.get(hostId)
    this.#dialled.delete(hostId)
    if (dial?.timer) clearTimeout(dial.timer)
    dial?.socket?.destroy()
  }

  #accept(socket: Socket): void {
    this.#accepted.add(socket)
    let hostId: string | null = null
    const timer = setTimeout(() => {
      this.#refuse(socket, 'a caller did not say who it is in time')
    }, handshakeLimitMs)
    const framed = new FramedSocket(
      socket,
      (arrival) => {
        if (hostId !== null) return this.#listener.onArrival(arrival, hostId)
        hostId = this.#topology === null ? null : acceptHello(arrival.packet, this.#topology)
        if (hostId === null) return this.#refuse(socket, 'a caller that this host was not told about')
        clearTimeout(timer)
        framed.send(helloPacket(this.#hostId, this.#topology?.token ?? ''), ground)
        this.#add(hostId, framed)
      },
      (message) =>
        this.#refuse(socket, `${hostId ?? 'a caller'} sent bytes that are not packets: ${message}`),
      (arrival) => this.#listener.openBody(arrival),
    )
    socket.on('data', (bytes) => framed.receive(bytes))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#accepted.delete(socket)
      if (hostId !== null) this.#remove(hostId, framed)
    })
  }

  #refuse(socket: Socket, reason: string): void {
    this.#log.warn(`connection from ${socket.remoteAddress ?? 'unknown'} closed: ${reason}`)
    socket.destroy()
  }

  #add(hostId: string, framed: FramedSocket): void {
    const earlier = this.#connections.get(hostId)
    this.#connections.set(hostId, framed)
    earlier?.close()
    this.#listener.onPeerConnected(hostId)
  }

  #remove(hostId: string, framed: FramedSocket): void {
    if (this.#connections.get(hostId) !== framed) return
    this.#connections.delete(hostId)
    this.#listener.onPeerLost(hostId)
  }
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
