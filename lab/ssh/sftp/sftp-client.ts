import { posix } from 'node:path'
import type { Client, ClientChannel } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { openChannel } from '../open-channel'
import {
  closePacket,
  extendedPacket,
  initPacket,
  openFlags,
  openPacket,
  setModePacket,
  setSizePacket,
  SftpDecoder,
  statPacket,
  statusCodes,
  writeBuffer,
  writePacket,
  type SftpAnswer,
  type WriteBuffer,
} from './sftp-packets'

/** Why a server did not do what it was asked, in SFTP's few words. */
export class SftpError extends Error {
  override readonly name = 'SftpError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

type Answer = Exclude<SftpAnswer, { kind: 'version' }>
type Waiting = (answer: Answer | Error) => void

/** Bytes of one write where the server does not say more: every one must take so many, draft section 3. */
const anyWriteBytes = 32 * 1024
/** Bytes of one write at most, for memory; OpenSSH takes 255 KiB. */
const mostWriteBytes = 256 * 1024
const statvfs = 'statvfs@openssh.com'
const limits = 'limits@openssh.com'

/** An SFTP session over a channel of its own. */
export class SftpClient {
  readonly #channel: ClientChannel
  readonly #decoder = new SftpDecoder()
  readonly #waiting = new Map<number, Waiting>()
  #extensions: ReadonlyMap<string, string> = new Map()
  #greeted: (failure: Error | null) => void = () => undefined
  #closed: Error | null = null
  #lastId = 0
  /** Bytes that one request may write. */
  writeBytes = anyWriteBytes
  /** Time of one request and its answer; null = not measured. */
  roundTripMs: number | null = null

  private constructor(channel: ClientChannel) {
    this.#channel = channel
    channel.on('data', (piece: Buffer) => this.#read(piece))
    channel.on('close', () => this.#fail(new Error('the server has ended SFTP')))
    channel.on('error', () => undefined)
    channel.stderr.resume()
  }

  /** @throws SkyError `not_supported` where the server has no SFTP; `connection_lost`, `timeout` */
  static async open(client: Client, host: string, ended: AbortSignal): Promise<SftpClient> {
    const noSftp = (reason: string): SkyError =>
      new SkyError(
        'not_supported',
        `The SSH server of ${host} opens no SFTP: ${reason}`,
        'Add the line `Subsystem sftp internal-sftp` to its sshd_config.',
        { host, reason },
      )
    const channel = await openChannel(client, host, 'SFTP', (c, done) => c.subsys('sftp', done), ended).catch(
      (thrown: unknown) => {
        const refused = thrown instanceof SkyError && thrown.code === 'protocol_error'
        throw refused ? noSftp(String(thrown.details['reason'])) : thrown
      },
    )
    const sftp = new SftpClient(channel)
    try {
      await sftp.#greet(ended)
      return sftp
    } catch (thrown) {
      sftp.end()
      throw thrown instanceof SkyError ? thrown : noSftp((thrown as Error).message)
    }
  }

  /** Size in bytes and file mode; null = there is nothing. */
  async stat(path: string): Promise<{ size: number; mode: number } | null> {
    const answer = await this.#ask((id) => statPacket(id, path))
    if (answer.kind === 'attributes') return { size: answer.size ?? 0, mode: answer.mode ?? 0 }
    if (answer.kind === 'status' && answer.code === statusCodes.noSuchFile) return null
    throw unexpected(answer)
  }

  /** @param how `new` = an empty file, whatever was there; `on` = what is there, to go on */
  async openFile(path: string, how: 'new' | 'on', mode: number): Promise<Buffer> {
    const { write, create, truncate } = openFlags
    const flags = how === 'new' ? write | create | truncate : write
    const answer = await this.#ask((id) => openPacket(id, path, flags, mode))
    if (answer.kind === 'handle') return answer.handle
    throw unexpected(answer)
  }

  async setMode(handle: Buffer, mode: number): Promise<void> {
    succeeded(await this.#ask((id) => setModePacket(id, handle, mode)))
  }

  /** Cut a file that is open for writing. */
  async setSize(handle: Buffer, bytes: number): Promise<void> {
    succeeded(await this.#ask((id) => setSizePacket(id, handle, bytes)))
  }

  async closeFile(handle: Buffer): Promise<void> {
    succeeded(await this.#ask((id) => closePacket(id, handle)))
  }

  writeBuffer(handle: Buffer): WriteBuffer {
    return writeBuffer(handle, this.writeBytes)
  }

  /** Write the first bytes of a buffer; it is free again once `done` is called. */
  write(buffer: WriteBuffer, bytes: number, position: number, done: (failure: Error | null) => void): void {
    this.#send(
      (id) => writePacket(buffer, id, bytes, position),
      (answer) => {
        if (answer instanceof Error) done(answer)
        else if (answer.kind === 'status' && answer.code === statusCodes.ok) done(null)
        else done(unexpected(answer))
      },
    )
  }

  /** Bytes that this user may still write into the folder of a file; null = the server does not tell. */
  async freeBytes(path: string): Promise<number | null> {
    if (!this.#extensions.has(statvfs)) return null
    const answer = await this.#ask((id) => extendedPacket(id, statvfs, posix.dirname(path)))
    // Eleven numbers of 64 bits: the second is the size of a block, the fifth the number of those that are free for users.
    if (answer.kind !== 'extended' || answer.data.length < 40) return null
    return Number(answer.data.readBigUInt64BE(8)) * Number(answer.data.readBigUInt64BE(32))
  }

  end(): void {
    this.#fail(new Error('SFTP was ended'))
    this.#channel.close()
    this.#channel.resume()
  }

  async #greet(ended: AbortSignal): Promise<void> {
    const lost = (): void => this.#fail(ended.reason as SkyError)
    ended.addEventListener('abort', lost, { once: true })
    this.#channel.on('close', () => ended.removeEventListener('abort', lost))
    await new Promise<void>((resolve, reject) => {
      this.#greeted = (failure) => (failure === null ? resolve() : reject(failure))
      this.#channel.write(initPacket())
    })
    if (!this.#extensions.has(limits)) return
    const asked = performance.now()
    const answer = await this.#ask((id) => extendedPacket(id, limits))
    this.roundTripMs = performance.now() - asked
    // Four numbers of 64 bits: the third is the longest write; 0 = no limit.
    if (answer.kind !== 'extended' || answer.data.length < 24) return
    const longest = Number(answer.data.readBigUInt64BE(16))
    if (longest > 0) this.writeBytes = Math.min(longest, mostWriteBytes)
  }

  #read(piece: Buffer): void {
    try {
      for (const answer of this.#decoder.push(piece)) {
        if (answer.kind === 'version') {
          this.#extensions = answer.extensions
          this.#greeted(null)
          continue
        }
        this.#waiting.get(answer.id)?.(answer)
        this.#waiting.delete(answer.id)
      }
    } catch (thrown) {
      // What a login script prints lands here too.
      this.#fail(new Error(`it sends ${(thrown as Error).message}, which is no SFTP`))
      this.#channel.close()
    }
  }

  #fail(reason: Error): void {
    if (this.#closed) return
    this.#closed = reason
    this.#greeted(reason)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of waiting) each(reason)
  }

  #ask(packet: (id: number) => Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#send(packet, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
    })
  }

  #send(packet: (id: number) => Buffer, waiting: Waiting): void {
    if (this.#closed) return waiting(this.#closed)
    const id = this.#lastId++ >>> 0
    this.#waiting.set(id, waiting)
    this.#channel.write(packet(id))
  }
}

function succeeded(answer: Answer): void {
  if (answer.kind !== 'status' || answer.code !== statusCodes.ok) throw unexpected(answer)
}

function unexpected(answer: Answer): Error {
  if (answer.kind === 'status')
    return new SftpError(answer.code, answer.message || `SFTP status ${answer.code}`)
  return new Error(`the server answered with ${answer.kind}`)
}
