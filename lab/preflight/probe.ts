import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import type { SshSession } from '../ssh/ssh-session'
import { probeScript } from './probe-script'

/** Time for all of it, ms: single programs are ended after 5 s. */
const probeLimitMs = 45_000
/** Kept of the output, bytes; a whole answer is far shorter. */
const keptBytes = 256 * 1024
/** A text of a host that is longer is cut. */
const longestText = 200

/** What the script found on a host: lines by the name of their part, free of control characters. */
export class Probe {
  readonly #parts: ReadonlyMap<string, readonly string[]>

  constructor(parts: ReadonlyMap<string, readonly string[]>) {
    this.#parts = parts
  }

  lines(part: string): readonly string[] {
    return this.#parts.get(part) ?? []
  }

  /** The first line of a part; empty when nothing was found. */
  one(part: string): string {
    return this.lines(part)[0] ?? ''
  }

  has(part: string): boolean {
    return this.lines(part).length > 0
  }
}

/** @throws SkyError `protocol_error` when the output is not whole, and what SSH throws */
export async function probeHost(session: SshSession, dataPort: number, signal?: AbortSignal): Promise<Probe> {
  const limits = { limitMs: probeLimitMs, keptBytes, ...(signal ? { signal } : {}) }
  const { stdout } = await session.script(probeScript, [String(dataPort)], limits)
  const probe = parseProbe(stdout)
  if (probe) return probe
  throw new SkyError(
    'protocol_error',
    `${session.host} did not tell what it is`,
    'The login shell of the user must be able to run /bin/sh, and its start files must not print without end.',
    { host: session.host },
  )
}

/** Null when the output is not whole. What a login shell printed before is left out. */
export function parseProbe(output: string): Probe | null {
  const mark = '\n@skymemory-preflight\n'
  const start = output.indexOf(mark)
  if (start === -1) return null
  const parts = new Map<string, string[]>()
  let part: string[] = []
  for (const line of output.slice(start + mark.length).split('\n')) {
    if (line.startsWith('@')) {
      part = []
      parts.set(plain(line.slice(1)), part)
    } else {
      const text = plain(line.replace(/^ /, ''))
      if (text !== '') part.push(text)
    }
  }
  return parts.has('end') ? new Probe(parts) : null
}

/** A line of a host as it may be shown. Programs put tabs between their columns, where checks look for spaces. */
export function plain(text: string): string {
  return quotedLine(text.replaceAll(/\t+/g, ' '), longestText)
}
