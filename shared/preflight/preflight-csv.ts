import type { HostCheck, HostPair, PreflightReport } from '../contract/provisioning-api'

type Value = string | number | null

interface Row {
  readonly host: string
  readonly check: HostCheck | null
  readonly pair: HostPair | null
}

/** Columns of a preflight's CSV file: one row a check, then one a pair of hosts. Empty = has no meaning here, or was not measured. */
const columns: readonly (readonly [string, (row: Row, report: PreflightReport) => Value])[] = [
  ['lab', (_row, { lab }) => lab],
  ['started_at', (_row, { startedAt }) => new Date(startedAt).toISOString()],
  ['host', ({ host }) => host],
  ['to_host', ({ pair }) => pair?.to ?? null],
  ['check', ({ check }) => check?.id ?? 'pair'],
  ['title', ({ check }) => check?.title ?? 'To another host'],
  ['status', ({ check, pair }) => check?.status ?? pair?.status ?? null],
  ['found', ({ check }) => check?.found ?? null],
  ['needed', ({ check }) => check?.needed ?? null],
  ['advice', ({ check, pair }) => check?.advice ?? pair?.problem ?? null],
  ['round_trip_ms', ({ pair }) => pair?.roundTripMs ?? null],
  ['throughput_mb_s', ({ pair }) => pair?.throughputMbS ?? null],
]

export const preflightColumns: readonly string[] = columns.map(([name]) => name)

/** The report as RFC 4180: CRLF, a header line, quotes where needed, numbers as the shortest text that reads back as the same value. */
export function preflightCsv(report: PreflightReport): string {
  const rows: Row[] = [
    ...report.hosts.flatMap(({ host, checks }) => checks.map((check) => ({ host, check, pair: null }))),
    ...report.pairs.map((pair) => ({ host: pair.from, check: null, pair })),
  ]
  const lines = rows.map((row) => columns.map(([, read]) => field(read(row, report))))
  return [preflightColumns, ...lines].map((line) => `${line.join(',')}\r\n`).join('')
}

function field(value: Value): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
