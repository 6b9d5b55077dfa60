import { niceTicks } from '#shared/charts/ticks'
import type { LineChartSpec } from './chart-spec'

type Ends = readonly [number, number]

/** Ends of the y axis of a drawing: from 0, or around the values with a margin. Whole shares end at 1. */
export function yRange({ range = 'whole', unit }: LineChartSpec, [low, high]: Ends): Ends {
  if (range === 'fitted' && high > low) {
    const margin = (high - low) * 0.08
    return [low - margin, high + margin]
  }
  const top = unit === '%' && range === 'whole' ? 1 : high === 0 ? 1 : high * 1.05
  return [Math.min(0, low), top]
}

/** Where x lies along its axis, 0..1, and which values of it are labelled. */
export interface XAxis {
  readonly low: number
  readonly high: number
  readonly share: (x: number) => number
  readonly ticks: readonly number[]
}

export function xAxis({ range = 'whole', xLog = false }: LineChartSpec, [low, high]: Ends): XAxis {
  if (xLog && low > 0) {
    const [from, to] = low === high ? [low / 2, high * 2] : [low, high]
    const span = Math.log(to / from)
    return { low: from, high: to, share: (x) => Math.log(x / from) / span, ticks: logTicks(from, to) }
  }
  const from = range === 'fitted' ? low : Math.min(0, low)
  const to = low === high ? high + 0.5 : high
  return { low: from, high: to, share: (x) => (x - from) / (to - from), ticks: niceTicks(from, to, 8) }
}

/** Labels of an axis by factors at most; where there would be more, only powers of ten keep theirs. */
const mostLogTicks = 10

/** What an axis by factors labels between two values. */
export function logTicks(low: number, high: number): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick)
    }
  }
  return ticks.length <= mostLogTicks ? ticks : ticks.filter((tick) => Number.isInteger(Math.log10(tick)))
}
