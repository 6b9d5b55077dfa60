import { createHmac } from 'node:crypto'

/** A line of a known_hosts file, as sshd(8) describes it. */
export interface KnownHost {
  /** From 1. */
  readonly line: number
  readonly marker: 'revoked' | 'authority' | null
  readonly type: string
  readonly key: Buffer
  matches(name: string): boolean
}

/** Longest file that is read, characters: each connection goes through it. */
const longestFile = 16 * 1024 * 1024

/** Every line that names hosts and a key; others, also damaged ones, say nothing. */
export function parseKnownHosts(text: string): KnownHost[] {
  const found: KnownHost[] = []
  for (const [index, line] of text.slice(0, longestFile).split(/\r?\n/).entries()) {
    const words = line.trim().split(/[ \t]+/)
    const marker = markers[words[0] ?? '']
    if (marker !== undefined) words.shift()
    const [names, type, key] = words
    if (names === undefined || names === '' || names.startsWith('#') || names.startsWith('@')) continue
    if (type === undefined || key === undefined) continue
    const bytes = Buffer.from(key, 'base64')
    if (bytes.length === 0) continue
    found.push({ line: index + 1, marker: marker ?? null, type, key: bytes, matches: matcher(names) })
  }
  return found
}

const markers: Readonly<Record<string, 'revoked' | 'authority'>> = {
  '@revoked': 'revoked',
  '@cert-authority': 'authority',
}

/** The name under which a server stands in known_hosts. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

function matcher(names: string): (name: string) => boolean {
  if (names.startsWith('|')) return hashMatcher(names)
  const patterns = names.split(',').filter((pattern) => pattern !== '')
  const positive = patterns.filter((pattern) => !pattern.startsWith('!')).map(wildcard)
  const negative = patterns
    .filter((pattern) => pattern.startsWith('!'))
    .map((pattern) => wildcard(pattern.slice(1)))
  return (name) => positive.some((each) => each(name)) && !negative.some((each) => each(name))
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, both base64. */
function hashMatcher(names: string): (name: string) => boolean {
  const [, version, salt, hash] = names.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return () => false
  const key = Buffer.from(salt, 'base64')
  return (name) => createHmac('sha1', key).update(name).digest('base64') === hash
}

/**
 * `*` = any text, `?` = one sign. Not by a regular expression: one with many stars could take for ever.
 */
function wildcard(pattern: string): (name: string) => boolean {
  const wanted = pattern.toLowerCase()
  return (name) => matchesFrom(wanted, name)
}

function matchesFrom(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  // Where to go on when what follows the last star does not match: one sign later in the name.
  let star = -1
  let retry = 0
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      retry = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (star !== -1) {
      p = star + 1
      n = ++retry
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
