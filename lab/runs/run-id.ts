const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
const longestName = 24

/**
 * A run's name in folders, tables and commands: `2026-11-22-2136-demo-x7k2`. Sorts by time (UTC), says what it was, and
 * the random tail keeps two runs of one minute apart.
 * @param random 0 <= random() < 1
 */
export function runId(name: string, at: Date, random: () => number): string {
  const [date, time] = at.toISOString().split('T') as [string, string]
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longestName)
    .replace(/^-+|-+$/g, '')
  const tail = Array.from({ length: 4 }, () => letters[Math.floor(random() * letters.length)]).join('')
  return [date, time.slice(0, 5).replace(':', ''), words || 'run', tail].join('-')
}
