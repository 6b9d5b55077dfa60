import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import type { SshSession } from '../ssh-session'

/** SFTP says `Failure` for a full disk and for much else, so the same is tried once more where the reason is told. */
const probeScript = `LC_ALL=C; export LC_ALL
if head -c "$2" /dev/zero 2>&1 > "$1.probe"; then echo written; fi
rm -f "$1.probe"`

/** Enough to fail where there is no room for another request, bytes. */
const longestProbe = 4 * 1024 * 1024

export function noSpace(host: string, path: string, needed: number, free: number | null): SkyError {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  const has = free === null ? '' : `, ${megabytes(free)} are free`
  return new SkyError(
    'host_disk_full',
    `The disk of ${host} has no room for ${path}: ${megabytes(needed)} are needed${has}`,
    'Free some space on the host, then try again: what was sent stays there.',
    { host, path, neededBytes: needed, freeBytes: free },
  )
}

/** What a failed write means: the host is asked. */
export async function whyWriteFailed(
  session: SshSession,
  path: string,
  missingBytes: number,
  thrown: unknown,
): Promise<SkyError> {
  const { host } = session
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  const { stdout, stderr } = await session.script(probeScript, [
    path,
    String(Math.min(missingBytes, longestProbe)),
  ])
  const answer = `${stdout}${stderr}`
  if (/no space left|quota exceeded/i.test(answer)) return noSpace(host, path, missingBytes, null)
  const details = { host, path, reason: quotedLine(answer) || said }
  const notWritable = (why: string, hint: string): SkyError =>
    new SkyError('host_not_writable', `${path} of ${host} cannot be written: ${why}`, hint, details)
  if (/read-only file system/i.test(answer)) {
    return notWritable(
      'its file system is read-only',
      'Mount it writable, or look into the log of the kernel (dmesg).',
    )
  }
  if (/permission denied|not permitted/i.test(answer)) {
    return notWritable(
      `${session.user} may not write there`,
      'Give the user the right, or log in as another one.',
    )
  }
  if (/no such file|not a directory|directory nonexistent/i.test(answer)) {
    return notWritable('its folder does not exist', 'Make the folder first.')
  }
  const reason = /^written/.test(stdout) ? quotedLine(said) : quotedLine(answer)
  return notWritable(reason, 'Look at the disk of the host, then try again.')
}
