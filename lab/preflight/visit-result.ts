import { plain } from './probe'

/** What one connection between two hosts showed. */
export interface VisitResult {
  /** Shortest round trip, ms; of the connection alone where nothing answered. Null = no connection. */
  readonly roundTripMs: number | null
  /** Mbit/s (10^6 bits) from the visitor to the listener, as the listener counted; and the way back. Null = not measured. */
  readonly toMbitS: number | null
  readonly fromMbitS: number | null
  /** Why it broke off; null = it did not. */
  readonly problem: string | null
}

/** Below this, a rate says more about starting than about the way, B. */
const leastBytes = 4_096

/** Of the visitor's lines: `connect <µs>`, `rtt <µs>`, `to <bytes> <µs>`, `from <bytes> <µs>`, `error <why>`. Others are left out. */
export function visitResult(output: string): VisitResult {
  const numbers = (key: string): number[][] =>
    [...output.matchAll(new RegExp(`^${key}((?: \\d+(?:\\.\\d+)?){1,2})$`, 'gm'))].map(([, found = '']) =>
      found.trim().split(' ').map(Number),
    )
  const least = (values: number[][]): number | null =>
    values.length === 0 ? null : Math.min(...values.map(([value = 0]) => value)) / 1_000
  const rate = ([bytes = 0, micros = 0]: readonly number[] = []): number | null =>
    bytes < leastBytes || micros <= 0 ? null : (8 * bytes) / micros
  const [, error] = /^error (.*)$/m.exec(output) ?? []
  const roundTripMs = least(numbers('rtt')) ?? least(numbers('connect'))
  const isSilent = error === undefined && roundTripMs === null
  return {
    roundTripMs,
    toMbitS: rate(numbers('to')[0]),
    fromMbitS: rate(numbers('from')[0]),
    problem: error === undefined ? (isSilent ? 'it printed nothing' : null) : problemText(plain(error)),
  }
}

function problemText(error: string): string {
  const [kind = '', ...rest] = error.split(' ')
  const why = rest.join(' ').trim()
  switch (kind) {
    case 'connect':
      return why === '' ? 'no connection' : why
    case 'name':
      return `its name cannot be resolved: ${why}`
    case 'late':
      return 'the connection hung'
    case 'closed':
      return 'the connection was closed in the middle'
    default:
      return error
  }
}
