import type { PreflightReport } from '../contract/provisioning-api'

const columns = [
  'lab',
  'started_at',
  'host',
  'to_host',
  'check',
  'title',
  'status',
  'found',
  'needed',
  'advice',
  'round_trip_ms',
  'throughput_mbit_s',
] as const

type Row = Partial<Record<(typeof columns)[number], string | number | null>>

/**
 * What a preflight found, as CSV (RFC 4180, a header line, ISO 8601 UTC times): a row for each check of each host, then a row for
 * each pair of hosts, one way. What was not measured is empty.
 */
export function preflightCsv(report: PreflightReport): string {
  const common = { lab: report.lab, started_at: new Date(report.startedAt).toISOString() }
  const rows: Row[] = []
  for (const { host, checks, error } of report.hosts) {
    for (const { id, ...check } of checks) rows.push({ ...common, host, check: id, ...check })
    // Most errors are a failed check already.
    if (error && !checks.some(({ status }) => status === 'failed')) {
      const { message: found, hint: advice } = error
      rows.push({ ...common, host, check: error.code, title: 'Connection', status: 'failed', found, advice })
    }
  }
  for (const { from, to, status, roundTripMs, throughputMbitS, problem } of report.pairs) {
    rows.push({
      ...common,
      host: from,
      to_host: to,
      check: 'pair',
      title: 'Between hosts',
      status,
      advice: problem,
      round_trip_ms: roundTripMs,
      throughput_mbit_s: throughputMbitS,
    })
  }
  const lines = rows.map((row) => columns.map((column) => field(row[column] ?? '')).join(','))
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

function field(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
