/**
 * Packets of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02): those that an upload needs.
 * Each is a length, a type, a request number, and what the type says.
 */

const types = {
  init: 1,
  open: 3,
  close: 4,
  write: 6,
  fsetstat: 10,
  stat: 17,
  extended: 200,
} as const

export const openFlags = { write: 0x02, create: 0x08, truncate: 0x10 } as const
const attributeFlags = { size: 0x01, owner: 0x02, permissions: 0x04 } as const
const protocolVersion = 3

/** Longest answer that is read, bytes: as OpenSSH. A server must not fill memory. */
const longestPacket = 256 * 1024
/** Length, type, request number. */
const headBytes = 9

export const statusCodes = { ok: 0, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const

export type SftpAnswer =
  | { readonly kind: 'version'; readonly extensions: ReadonlyMap<string, string> }
  | { readonly kind: 'status'; readonly id: number; readonly code: number; readonly message: string }
  | { readonly kind: 'handle'; readonly id: number; readonly handle: Buffer }
  | {
      readonly kind: 'attributes'
      readonly id: number
      readonly size: number | null
      readonly mode: number | null
    }
  | { readonly kind: 'extended'; readonly id: number; readonly data: Buffer }

export function initPacket(): Buffer {
  return framed(Buffer.concat([byte(types.init), uint32(protocolVersion)]))
}

export function openPacket(id: number, path: string, flags: number, mode: number): Buffer {
  return request(
    types.open,
    id,
    string(path),
    uint32(flags),
    uint32(attributeFlags.permissions),
    uint32(mode),
  )
}

export function closePacket(id: number, handle: Buffer): Buffer {
  return request(types.close, id, string(handle))
}

export function setModePacket(id: number, handle: Buffer, mode: number): Buffer {
  return request(types.fsetstat, id, string(handle), uint32(attributeFlags.permissions), uint32(mode))
}

export function setSizePacket(id: number, handle: Buffer, bytes: number): Buffer {
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(bytes))
  return request(types.fsetstat, id, string(handle), uint32(attributeFlags.size), size)
}

export function statPacket(id: number, path: string): Buffer {
  return request(types.stat, id, string(path))
}

export function extendedPacket(id: number, name: string, ...fields: readonly string[]): Buffer {
  return request(types.extended, id, string(name), ...fields.map(string))
}

/** A write request with room for its bytes: they are read into `data` and sent from there, without a copy between. */
export interface WriteBuffer {
  readonly data: Buffer
  readonly packet: Buffer
}

export function writeBuffer(handle: Buffer, dataBytes: number): WriteBuffer {
  const dataAt = headBytes + 4 + handle.length + 8 + 4
  // Not of Node's pool: it is used for as long as the upload takes.
  const packet = Buffer.allocUnsafeSlow(dataAt + dataBytes)
  packet[4] = types.write
  packet.writeUInt32BE(handle.length, headBytes)
  handle.copy(packet, headBytes + 4)
  return { packet, data: packet.subarray(dataAt) }
}

/** The packet that writes the first bytes of a buffer's data. */
export function writePacket(
  { packet, data }: WriteBuffer,
  id: number,
  bytes: number,
  position: number,
): Buffer {
  const dataAt = packet.length - data.length
  packet.writeUInt32BE(dataAt - 4 + bytes, 0)
  packet.writeUInt32BE(id, 5)
  packet.writeBigUInt64BE(BigInt(position), dataAt - 12)
  packet.writeUInt32BE(bytes, dataAt - 4)
  return packet.subarray(0, dataAt + bytes)
}

/** Answers of a server, from bytes in any pieces. */
export class SftpDecoder {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws Error when it is not SFTP */
  push(piece: Buffer): SftpAnswer[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const answers: SftpAnswer[] = []
    let at = 0
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32BE(at)
      if (length === 0 || length > longestPacket) throw new Error(`a packet of ${length} bytes`)
      if (bytes.length - at - 4 < length) break
      answers.push(decode(new Fields(bytes.subarray(at + 4, at + 4 + length))))
      at += 4 + length
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return answers
  }
}

function decode(fields: Fields): SftpAnswer {
  const type = fields.byte()
  switch (type) {
    case 2: {
      fields.uint32()
      const extensions = new Map<string, string>()
      while (!fields.ended) extensions.set(fields.string().toString(), fields.string().toString())
      return { kind: 'version', extensions }
    }
    case 101: {
      const id = fields.uint32()
      // Old servers leave out the message.
      return {
        kind: 'status',
        id,
        code: fields.uint32(),
        message: fields.ended ? '' : fields.string().toString(),
      }
    }
    case 102:
      return { kind: 'handle', id: fields.uint32(), handle: Buffer.from(fields.string()) }
    case 105: {
      const id = fields.uint32()
      const flags = fields.uint32()
      const size = flags & attributeFlags.size ? fields.uint64() : null
      if (flags & attributeFlags.owner) fields.skip(8)
      const mode = flags & attributeFlags.permissions ? fields.uint32() : null
      return { kind: 'attributes', id, size, mode }
    }
    case 201:
      return { kind: 'extended', id: fields.uint32(), data: Buffer.from(fields.rest()) }
    default:
      throw new Error(`a packet of type ${type}`)
  }
}

/** Reads the fields of one packet; one that is too short is an error. */
class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#take(1).readUInt8(0)
  }

  uint32(): number {
    return this.#take(4).readUInt32BE(0)
  }

  uint64(): number {
    return Number(this.#take(8).readBigUInt64BE(0))
  }

  string(): Buffer {
    return this.#take(this.uint32())
  }

  skip(bytes: number): void {
    this.#take(bytes)
  }

  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at)
  }

  #take(bytes: number): Buffer {
    const end = this.#at + bytes
    if (end > this.#bytes.length) throw new Error('a packet that ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

function request(type: number, id: number, ...fields: readonly Buffer[]): Buffer {
  return framed(Buffer.concat([byte(type), uint32(id), ...fields]))
}

function framed(content: Buffer): Buffer {
  return Buffer.concat([uint32(content.length), content])
}

function byte(value: number): Buffer {
  return Buffer.from([value])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}
