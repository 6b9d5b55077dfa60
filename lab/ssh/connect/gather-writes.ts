import type { Socket } from 'node:net'

/** Bytes that are gathered before they are handed to the kernel anyway: about one batch of packets of an upload. */
const mostGathered = 256 * 1024

/**
 * Hand what is written in one turn of the event loop to the kernel together. ssh2 writes a packet in up to four pieces, each of which would
 * be a call of its own: a third of the time of an upload.
 */
export function gatherWrites(socket: Socket): void {
  const write: (piece: Uint8Array | string) => boolean = socket.write.bind(socket)
  let gathered = 0
  let scheduled = false
  const flush = (): void => {
    scheduled = false
    gathered = 0
    socket.uncork()
  }
  socket.write = (piece: Uint8Array | string) => {
    if (!scheduled) {
      scheduled = true
      socket.cork()
      process.nextTick(flush)
    } else if (gathered > mostGathered) {
      gathered = 0
      socket.uncork()
      socket.cork()
    }
    gathered += piece.length
    return write(piece)
  }
}
