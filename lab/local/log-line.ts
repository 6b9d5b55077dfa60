import { z } from 'zod'
import type { LogLine } from '#shared/contract/console-api'

const agentLine = z.object({
  at: z.number(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  text: z.string(),
})

/** What a host printed on stderr: a JSON log line, or anything else (a crash, a warning of Node) as it is. */
export function parseLogLine(line: string, source: string, now: number): LogLine {
  try {
    const parsed = agentLine.safeParse(JSON.parse(line))
    if (parsed.success) return { source, ...parsed.data }
  } catch {
    // Not JSON: fall through.
  }
  return { at: now, source, level: 'warn', text: line }
}
