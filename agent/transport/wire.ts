import { connect, createServer, type Server, type Socket } from 'node:net'

/** Large reads keep the number of system calls down when blocks arrive; what is read still lies in the core's cache when it is copied. */
const readBufferBytes = 128 * 1024

/** The hosts that a caller's certificate names; null: the connection proves nothing, the lab's token has to. */
export type ProvenNames = readonly string[] | null

export interface DialTarget {
  readonly hostId: string
  readonly address: string
  readonly port: number
}

/** How bytes travel between two hosts: plain TCP on one machine, mutual TLS 1.3 between machines. */
export interface Wire {
  /** Peers that say nothing for this long are taken for lost, ms; null: the kernel tells of every loss. */
  readonly silenceLimitMs: number | null
  /**
   * A server that hands on the connections whose callers may be there.
   * @param onRefused told about the others
   */
  serve(
    onConnection: (socket: Socket, names: ProvenNames) => void,
    onRefused: (address: string, reason: string) => void,
  ): Server
  /**
   * Connect to a host that proves to be the one that is meant.
   * @param onBytes gets what arrives; the bytes may be reused after the call
   * @param onOpen called when packets may be sent
   */
  dial(target: DialTarget, onBytes: (bytes: Uint8Array) => void, onOpen: () => void): Socket
}

/** A buffer that every read goes to, in place of a new one each. */
export function readInto(onBytes: (bytes: Uint8Array) => void) {
  return {
    buffer: new Uint8Array(readBufferBytes),
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      onBytes(buffer.subarray(0, bytes))
      return true
    },
  }
}

/** TCP without protection: for hosts that are all on one machine. */
export const plainWire: Wire = {
  silenceLimitMs: null,
  serve: (onConnection) => createServer((socket) => onConnection(socket, null)),
  dial: ({ address, port }, onBytes, onOpen) =>
    connect({ host: address, port, onread: readInto(onBytes) }).once('connect', onOpen),
}
