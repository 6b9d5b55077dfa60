/** Pages that the app may open in the system's browser: the paper, and the tools that the guide names. */
const allowedHosts: ReadonlySet<string> = new Set([
  'arxiv.org',
  'github.com',
  'nodejs.org',
  'www.electronjs.org',
  'yaml.org',
])

/** The address in its normal form when it may be opened, else null. */
export function externalLink(address: string): string | null {
  try {
    const url = new URL(address)
    const plain = url.protocol === 'https:' && url.username === '' && url.password === '' && url.port === ''
    return plain && allowedHosts.has(url.hostname) ? url.href : null
  } catch {
    return null
  }
}
