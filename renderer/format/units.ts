/**
 * Numbers as people read them: always with their unit, the same number of digits everywhere, a dash for "not measured".
 * A no-break space stands between number and unit, so that they never part at a line's end.
 */
export const notMeasured = '–'
const gap = '\u00a0'

export type MaybeNumber = number | null | undefined

function isMissing(value: MaybeNumber): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value)
}

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function formatInteger(value: MaybeNumber): string {
  return isMissing(value) ? notMeasured : integers.format(value)
}

/** Three significant digits for what is below 1,000, whole numbers above. */
export function formatNumber(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1000) return integers.format(value)
  if (size < 0.001) return value.toExponential(1)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return Number(value.toFixed(digits)).toString()
}

export function withUnit(text: string, unit: string): string {
  return text === notMeasured || unit === '' ? text : `${text}${gap}${unit}`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes in binary units: 67,108,864 is 64 MiB. */
export function formatBytes(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  let size = value
  let unit = 0
  while (Math.abs(size) >= 1024 && unit < byteUnits.length - 1) {
    size /= 1024
    unit++
  }
  const text = unit === 0 ? integers.format(size) : Number(size.toFixed(size >= 100 ? 0 : 1)).toString()
  return withUnit(text, byteUnits[unit]!)
}

export function formatByteRate(value: MaybeNumber): string {
  const text = formatBytes(value)
  return text === notMeasured ? text : `${text}/s`
}

/** @param value Mbit/s, 10^6 bits; shown as Gbit/s from 1,000 on */
export function formatBitRate(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  return value >= 1000
    ? withUnit(formatNumber(value / 1000), 'Gbit/s')
    : withUnit(formatNumber(value), 'Mbit/s')
}

/** @param value milliseconds; shown as µs below 1 ms and as s from 10 s on */
export function formatMs(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  const size = Math.abs(value)
  if (size === 0) return `0${gap}ms`
  if (size < 1) return withUnit(formatNumber(value * 1000), 'µs')
  if (size >= 10_000) return withUnit(formatNumber(value / 1000), 's')
  return withUnit(formatNumber(value), 'ms')
}

/** @param value a share, 0..1 */
export function formatShare(value: MaybeNumber): string {
  return isMissing(value) ? notMeasured : withUnit((value * 100).toFixed(1), '%')
}

/** @param value a share, 0..1; for progress, without decimals and never 100 % before the end */
export function formatProgress(value: number): string {
  return withUnit(Math.floor(value * 100).toString(), '%')
}

export function formatRate(value: MaybeNumber): string {
  return isMissing(value) ? notMeasured : `${formatNumber(value)}${gap}/s`
}

/** @param value metres */
export function formatDistance(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  return value >= 1000 ? withUnit(integers.format(value / 1000), 'km') : withUnit(formatNumber(value), 'm')
}

/** @param value seconds: `8 s`, `1 min 05 s`, `2 h 03 min` */
export function formatDuration(value: MaybeNumber): string {
  if (isMissing(value)) return notMeasured
  const seconds = Math.max(0, Math.round(value))
  if (seconds < 60) return withUnit(seconds.toString(), 's')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}${gap}min${gap}${(seconds % 60).toString().padStart(2, '0')}${gap}s`
  const hours = Math.floor(minutes / 60)
  return `${hours}${gap}h${gap}${(minutes % 60).toString().padStart(2, '0')}${gap}min`
}

const two = (value: number): string => value.toString().padStart(2, '0')

/** Local time of day of a Unix millisecond: `21:40:23`. */
export function formatClock(at: number): string {
  const time = new Date(at)
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

/** Local date and time of a Unix millisecond: `2026-11-22 21:40:23`. */
export function formatDateTime(at: number): string {
  const time = new Date(at)
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${formatClock(at)}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${integers.format(count)}${gap}${count === 1 ? one : many}`
}
