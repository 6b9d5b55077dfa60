import type { Client } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import type { SshSession, UploadOptions, UploadSource } from '../ssh-session'
import { openSftp, type Sftp } from './sftp'
import { sendBytes } from './send-bytes'
import { openSource, type OpenSource } from './source'
import { noSpace, whyWriteFailed } from './write-failure'

/** Time for the host to read a file once and hash it, ms: a slow disk of a board reads 20 MB/s. */
const hashLimitMs = 600_000

/** Prints `same`, `partial <bytes> <sha256>` or `none`. $1 path, $2 bytes, $3 sha256, $4 mode. */
const lookScript = `
hash() { sha256sum < "$1" | cut -d ' ' -f 1; }
if [ -d "$1" ]; then echo directory
elif [ -f "$1" ] && [ "$(wc -c < "$1")" -eq "$2" ] && [ "$(hash "$1")" = "$3" ]; then chmod "$4" "$1" && echo same
elif [ -f "$1.partial" ]; then echo "partial $(wc -c < "$1.partial") $(hash "$1.partial")"
else echo none
fi`

/** Renames what was sent if it has the right hash; else prints the one it has, and removes it. $1 path, $2 sha256. */
const finishScript = `
hash=$(sha256sum < "$1.partial" | cut -d ' ' -f 1)
if [ "$hash" = "$2" ]; then mv -f "$1.partial" "$1"
else rm -f "$1.partial"; echo "$hash"; exit 9
fi`
const wrongHash = 9

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
  try {
    const start = await whereToStart(session, opened, path, options)
    if (start === 'same') {
      options.onProgress?.(opened.bytes)
      return 0
    }
    const sftp = await openSftp(client, session.host)
    try {
      await send(sftp, session, opened, path, start, options, ended)
    } finally {
      sftp.end()
    }
    await finish(session, opened, path, options)
    return opened.bytes - start
  } finally {
    await opened.close()
  }
}

/** Bytes of the file that are on the host already, or `same` when all of it is in its place. */
async function whereToStart(
  session: SshSession,
  source: OpenSource,
  path: string,
  { mode, signal }: UploadOptions,
): Promise<number | 'same'> {
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
    const reason = stderr.trim() || `exit code ${exitCode}`
    throw new SkyError('provisioning_failed', `${session.host}: ${path} cannot be looked at: ${reason}`)
  }
  const sent = Number(bytes)
  // What is there may be of another file, or of a host that lost its power: it is used only where it is the same.
  return sent <= source.bytes && (await source.hashOfFirst(sent)) === hash ? sent : 0
}

async function send(
  sftp: Sftp,
  session: SshSession,
  source: OpenSource,
  path: string,
  start: number,
  options: UploadOptions,
  ended: AbortSignal,
): Promise<void> {
  const partial = `${path}.partial`
  const missing = source.bytes - start
  const free = await sftp.freeBytes(partial)
  if (free !== null && free < missing) throw noSpace(session.host, path, missing, free)
  try {
    const handle = await sftp.open(partial, start === 0 ? 'w' : 'r+', options.mode)
    try {
      await sftp.setMode(handle, options.mode)
      options.onProgress?.(start)
      await sendBytes(sftp, handle, source, start, { ...options, host: session.host, path, ended })
    } finally {
      await sftp.close(handle).catch(() => undefined)
    }
  } catch (thrown) {
    if (ended.aborted) throw ended.reason
    if (thrown instanceof SkyError) throw thrown
    throw await whyWriteFailed(session, path, missing, thrown)
  }
}

async function finish(
  session: SshSession,
  source: OpenSource,
  path: string,
  { signal }: UploadOptions,
): Promise<void> {
  const { exitCode, stdout, stderr } = await session.script(finishScript, [path, source.sha256], {
    limitMs: hashLimitMs,
    ...(signal && { signal }),
  })
  if (exitCode === 0) return
  const { host } = session
  const details = { host, path, expected: source.sha256 }
  if (exitCode === wrongHash) {
    throw new SkyError(
      'provisioning_failed',
      `${host}: ${path} did not arrive as it was sent: its SHA-256 is ${stdout.trim()}, not ${source.sha256}`,
      'Try again; if it happens again, look at the memory and the disk of the host.',
      details,
    )
  }
  throw new SkyError(
    'provisioning_failed',
    `${host}: ${path} was sent but cannot be put into its place: ${stderr.trim() || `exit code ${exitCode}`}`,
    'Look at the folder of the file on the host, then try again.',
    details,
  )
}
