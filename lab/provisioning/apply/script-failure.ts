import { SkyError, type ErrorCode } from '#shared/contract/errors'
import { printableLines } from '#shared/text/printable'
import type { CommandResult } from '../../ssh/ssh-session'

/** Exit codes that the scripts choose themselves. */
const meanings: Readonly<Record<number, { code: ErrorCode; hint: string }>> = {
  65: {
    code: 'provisioning_failed',
    hint: "Apply again: it is sent anew. If that does not help, look at the host's disk and memory.",
  },
  66: {
    code: 'not_supported',
    hint: 'Does the machine tell its architecture truly? Else install a Node there, and say "host_node: true" for this host.',
  },
  68: {
    code: 'not_supported',
    hint: 'llama.cpp needs glibc 2.34, libstdc++ and a place where programs may run. Or say "models: false" for this host.',
  },
  67: {
    code: 'unauthorised',
    hint: 'Let an administrator run loginctl enable-linger for this user, or say "service: detached" for this host.',
  },
}

const shownLines = 6

/** @throws SkyError when a script failed: `host_disk_full`, `host_not_writable`, or what its exit code means */
export function requireSuccess(result: CommandResult, host: string, what: string): void {
  if (result.exitCode === 0) return
  const lines = printableLines(result.stderr).slice(-shownLines)
  const reason =
    lines.join('; ') || (result.signal ? `ended by ${result.signal}` : `exit code ${result.exitCode ?? '-'}`)
  const { code, hint } = meaningOf(result, reason)
  throw new SkyError(code, `${host}: ${what} failed: ${reason}`, hint, { host })
}

function meaningOf({ exitCode }: CommandResult, reason: string): { code: ErrorCode; hint: string } {
  if (/No space left on device|Disk quota exceeded/.test(reason)) {
    return { code: 'host_disk_full', hint: 'Free some space there, then apply again: it goes on.' }
  }
  if (/Read-only file system/.test(reason)) {
    return { code: 'host_not_writable', hint: 'Make that folder writable, then apply again.' }
  }
  const known = exitCode === null ? undefined : meanings[exitCode]
  if (known) return known
  return /Permission denied|Operation not permitted/.test(reason)
    ? { code: 'host_not_writable', hint: 'Make that folder writable, then apply again.' }
    : { code: 'provisioning_failed', hint: 'Apply again once its reason is gone.' }
}
