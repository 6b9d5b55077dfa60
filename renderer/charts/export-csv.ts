import type { LineChartSpec } from './chart-spec'
import { originOf } from './strategy-style'

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Rows of RFC 4180. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [header, ...rows].map((row) => `${row.map((one) => field(String(one))).join(',')}\r\n`).join('')
}

/** The drawn points of a chart, one row a point. For reports, use the run's own CSV files: they hold every record. */
export function lineChartCsv(spec: LineChartSpec): string {
  const y = spec.unit === '' ? spec.title : `${spec.title} (${spec.unit === '%' ? 'share' : spec.unit})`
  return csv(
    ['series', 'delay', spec.xTitle, y],
    spec.series.flatMap((series) =>
      series.points.map((point) => [series.style.label, originOf(series.style), point.x, point.y]),
    ),
  )
}
