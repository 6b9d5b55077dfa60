import type { Client } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import { SftpClient } from '../sftp/sftp-client'
import type { SshSession, UploadOptions, UploadSource } from '../ssh-session'
import { sendBytes } from './send-bytes'
import { openSource, type OpenSource } from './source'
import { noSpace, whyWriteFailed } from './write-failure'

/** Time for the host to read a file once and hash it, ms: a slow disk of a board reads 20 MB/s. */
const hashLimitMs = 600_000

/** OpenSSL makes use of the processor's own SHA instructions, which is several times as fast as sha256sum; not every host has it. */
const hashFunction = `
hash() {
  if command -v openssl > /dev/null; then openssl dgst -sha256 -r < "$1"; else sha256sum < "$1"; fi | cut -d ' ' -f 1
}`

/** Prints `same`, `partial <bytes> <sha256>` or `none`. $1 path, $2 bytes, $3 sha256, $4 mode. */
const lookScript = `${hashFunction}
if [ -d "$1" ]; then echo directory
elif [ -f "$1" ] && [ "$(wc -c < "$1")" -eq "$2" ] && [ "$(hash "$1")" = "$3" ]; then chmod "$4" "$1" && echo same
elif [ -f "$1.partial" ]; then echo "partial $(wc -c < "$1.partial") $(hash "$1.partial")"
else echo none
fi`

/** Exit code of `finishScript`. */
const wrongHash = 9

/** Renames what was sent if it has the right hash; else removes it, and prints the one it has. $1 path, $2 sha256. */
const finishScript = `${hashFunction}
found=$(hash "$1.partial")
if [ "$found" = "$2" ]; then mv -f "$1.partial" "$1"
else rm -f "$1.partial"; echo "$found"; exit ${wrongHash}
fi`

/** @see SshSession.upload */
export async function upload(
  client: Client,
  session: SshSession,
  source: UploadSource,
  path: string,
  options: UploadOptions,
  ended: AbortSignal,
): Promise<number> {
  if (path.startsWith('-') || path.includes('\0'))
    throw new SkyError('invalid_argument', `${path} is no path of a host`)
  const opened = await openSource(source)
  const sftp = await SftpClient.open(client, session.host, ended).catch(async (thrown: unknown) => {
    await opened.close()
    throw thrown
  })
  try {
    const start = await whereToStart(sftp, session, opened, path, options)
    if (start === 'same') {
      options.onProgress?.(opened.bytes)
      return 0
    }
    await send(sftp, session, opened, path, start, options)
    await finish(session, opened, path, options)
    return opened.bytes - start
  } catch (thrown) {
    throw ended.aborted ? ended.reason : thrown
  } finally {
    sftp.end()
    await opened.close()
  }
}

/** Bytes of the file that are on the host already, or `same` when all of it is in its place. */
async function whereToStart(
  sftp: SftpClient,
  session: SshSession,
  source: OpenSource,
  path: string,
  { mode, signal }: UploadOptions,
): Promise<number | 'same'> {
  // Most files are new to their host: no shell is started to find that out.
  const nothing = (await sftp.stat(path)) === null && (await sftp.stat(`${path}.partial`)) === null
  if (nothing) return 0
  const args = [path, String(source.bytes), source.sha256, mode.toString(8)]
  const { stdout, stderr, exitCode } = await session.script(lookScript, args, {
    limitMs: hashLimitMs,
    ...(signal && { signal }),
  })
  const [word, bytes, hash] = stdout.trim().split(' ')
  if (word === 'same') return 'same'
  if (word === 'directory') {
    throw new SkyError('host_not_writable', `${session.host}: ${path} is a directory`, 'Move it away.', {
      path,
    })
  }
  if (word === 'none') return 0
  if (word !== 'partial' || exitCode !== 0) {
    const reason = quotedLine(stderr) || `exit code ${exitCode}`
    throw new SkyError('provisioning_failed', `${session.host}: ${path} cannot be looked at: ${reason}`)
  }
  const sent = Number(bytes)
  // What is there may be of another file, or of a host that lost its power: it is used only where it is the same.
  return sent <= source.bytes && (await source.hashOfFirst(sent)) === hash ? sent : 0
}

async function send(
  sftp: SftpClient,
  session: SshSession,
  source: OpenSource,
  path: string,
  start: number,
  options: UploadOptions,
): Promise<void> {
  const partial = `${path}.partial`
  const missing = source.bytes - start
  const free = await sftp.freeBytes(partial)
  if (free !== null && free < missing) throw noSpace(session.host, path, missing, free)
  try {
    const handle = await sftp.openFile(partial, start === 0 ? 'new' : 'on', options.mode)
    try {
      await sftp.setMode(handle, options.mode)
      options.onProgress?.(start)
      await sendBytes(sftp, handle, source, start, { ...options, host: session.host, path })
    } finally {
      await sftp.closeFile(handle).catch(() => undefined)
    }
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    throw await whyWriteFailed(session, path, missing, thrown)
  }
}

/** Put what was sent into its place, or remove it when it is not what was to be sent. */
async function finish(
  session: SshSession,
  source: OpenSource,
  path: string,
  { signal }: UploadOptions,
): Promise<void> {
  const { host } = session
  const { exitCode, stdout, stderr } = await session.script(finishScript, [path, source.sha256], {
    limitMs: hashLimitMs,
    ...(signal && { signal }),
  })
  if (exitCode === 0) return
  const details = { host, path, expected: source.sha256 }
  if (exitCode === wrongHash) {
    throw new SkyError(
      'provisioning_failed',
      `${host}: ${path} did not arrive as it was sent: its SHA-256 is ${quotedLine(stdout)}, not ${source.sha256}`,
      'Try again; if it happens again, look at the memory and the disk of the host.',
      details,
    )
  }
  throw new SkyError(
    'provisioning_failed',
    `${host}: ${path} was sent but cannot be put into its place: ${quotedLine(stderr) || `exit code ${exitCode}`}`,
    'Look at the folder of the file on the host, then try again.',
    details,
  )
}
