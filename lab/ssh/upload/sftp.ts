import { posix } from 'node:path'
import type { Client, SFTPWrapper } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'

/** The part of SFTP that an upload needs, as promises. Failures are those of ssh2, with SFTP's status as their code. */
export interface Sftp {
  /** Largest number of bytes that one request may write. */
  readonly writeBytes: number
  open(path: string, flags: 'w' | 'r+', mode: number): Promise<Buffer>
  setMode(handle: Buffer, mode: number): Promise<void>
  /** The bytes are copied before it returns. */
  write(
    handle: Buffer,
    bytes: Buffer,
    position: number,
    done: (error: Error | null | undefined) => void,
  ): void
  close(handle: Buffer): Promise<void>
  /** Bytes that this user may still write beside a file; null = the server does not tell. */
  freeBytes(path: string): Promise<number | null>
  /** Rejects when the server ends it, or the connection is lost: what was asked is not answered then. */
  readonly closed: Promise<never>
  end(): void
}

/** OpenSSH takes packets of 256 KiB; a request is a little longer than the bytes that it writes. */
const openSshWriteBytes = 255 * 1024
/** Every server must take so much, draft-ietf-secsh-filexfer-02 section 3. */
const anyWriteBytes = 32 * 1024

/** @throws SkyError `not_supported` where the server has no SFTP */
export async function openSftp(client: Client, host: string): Promise<Sftp> {
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.sftp((error, opened) => (error ? reject(error) : resolve(opened)))
  }).catch((thrown: unknown) => {
    const reason = quotedLine(thrown instanceof Error ? thrown.message : String(thrown))
    throw new SkyError(
      'not_supported',
      `The SSH server of ${host} opens no SFTP: ${reason}`,
      'Add the line `Subsystem sftp internal-sftp` to its sshd_config.',
      { host, reason },
    )
  })
  const { _remoteVer } = client as unknown as { _remoteVer?: string }
  const closed = new Promise<never>((_, reject) => {
    sftp.on('close', () => reject(new Error('the server has ended SFTP')))
  })
  // Whoever does not wait for it is not told.
  closed.catch(() => undefined)
  const call = <T>(
    start: (done: (error: Error | null | undefined, value?: T) => void) => void,
  ): Promise<T> => {
    const answer = new Promise<T>((resolve, reject) => {
      start((error, value) => (error ? reject(error) : resolve(value as T)))
    })
    return Promise.race([answer, closed])
  }
  return {
    writeBytes: _remoteVer?.startsWith('OpenSSH') === true ? openSshWriteBytes : anyWriteBytes,
    open: (path, flags, mode) => call((done) => sftp.open(path, flags, { mode }, done)),
    setMode: (handle, mode) => call((done) => sftp.fsetstat(handle, { mode }, done)),
    write: (handle, bytes, position, done) => sftp.write(handle, bytes, 0, bytes.length, position, done),
    close: (handle) => call((done) => sftp.close(handle, done)),
    freeBytes: (path) => freeBytes(sftp, posix.dirname(path)),
    closed,
    end: () => sftp.end(),
  }
}

/** What ssh2 answers, beside its types. */
interface FileSystem {
  readonly f_frsize: number
  readonly f_bavail: number
}

async function freeBytes(sftp: SFTPWrapper, folder: string): Promise<number | null> {
  const statvfs = sftp.ext_openssh_statvfs.bind(sftp) as unknown as (
    path: string,
    done: (error: Error | undefined, answer: FileSystem) => void,
  ) => void
  return new Promise((resolve) => {
    try {
      statvfs(folder, (error, answer) => resolve(error ? null : answer.f_frsize * answer.f_bavail))
    } catch {
      // The server does not know this extension.
      resolve(null)
    }
  })
}
