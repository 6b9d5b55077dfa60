import type { MachineLoad } from '#shared/contract/console-api'
import { mean } from '#shared/stats/quantile'
import type { Point } from './binned-values'
import type { ChartEvent, LineChartSpec, LineSeries } from './chart-spec'
import { machineStyles, railStyle } from './machine-style'

/** What one machine did in one second of the time axis. */
export interface MachinePoint {
  readonly x: number
  readonly machine: string
  readonly load: MachineLoad
}

interface MachineChart {
  readonly title: string
  readonly unit: string
  readonly range: NonNullable<LineChartSpec['range']>
  readonly read: (load: MachineLoad) => number | null
}

const mebi = 1_048_576
const scaled = (value: number | null, unit: number): number | null => (value === null ? null : value / unit)

const charts: readonly MachineChart[] = [
  { title: 'CPU load', unit: '%', range: 'whole', read: ({ cpuLoad }) => cpuLoad },
  {
    title: 'Memory in use',
    unit: 'GiB',
    range: 'from-zero',
    read: ({ memoryUsedBytes }) => scaled(memoryUsedBytes, 1024 * mebi),
  },
  { title: 'Hottest sensor', unit: '°C', range: 'fitted', read: ({ temperatureC }) => temperatureC },
  {
    title: 'Network, received',
    unit: 'MiB/s',
    range: 'from-zero',
    read: ({ receivedBytesPerS }) => scaled(receivedBytesPerS, mebi),
  },
  {
    title: 'Network, sent',
    unit: 'MiB/s',
    range: 'from-zero',
    read: ({ sentBytesPerS }) => scaled(sentBytesPerS, mebi),
  },
  { title: 'GPU load', unit: '%', range: 'whole', read: ({ gpuLoad }) => gpuLoad },
]

/**
 * Charts of what machines did: a line each, where several trials lie over each other their mean second by second. What no
 * machine measures has no chart.
 */
export function machineSpecs(
  points: readonly MachinePoint[],
  xTitle: string,
  events: readonly ChartEvent[] = [],
): LineChartSpec[] {
  const byMachine = new Map<string, MachinePoint[]>()
  for (const point of points) {
    const known = byMachine.get(point.machine)
    if (known) known.push(point)
    else byMachine.set(point.machine, [point])
  }
  const styles = machineStyles([...byMachine.keys()])
  const measured = (series: readonly LineSeries[]): LineSeries[] =>
    series.filter((one) => one.points.length > 0)
  const specs = charts.map(({ title, unit, range, read }): LineChartSpec => ({
    title,
    unit,
    range,
    xTitle,
    events,
    series: measured(
      [...styles].map(([machine, style]) => ({
        key: machine,
        style,
        ...lineOf(byMachine.get(machine) ?? [], read),
      })),
    ),
  }))
  const power: LineSeries[] = [...styles].flatMap(([machine, style]) => {
    const own = byMachine.get(machine) ?? []
    const rails = [...new Set(own.flatMap(({ load }) => Object.keys(load.powerW)))].sort()
    return rails.map((rail, i) => ({
      key: `${machine} ${rail}`,
      style: railStyle(style, rail, i),
      ...lineOf(own, ({ powerW }) => powerW[rail] ?? null),
    }))
  })
  const range = 'from-zero' as const
  const all = [...specs, { title: powerTitle, unit: 'W', range, xTitle, events, series: measured(power) }]
  return all.filter(({ series }) => series.length > 0)
}

/** Its lines are rails of machines, and no machines: it has a legend of its own. */
export const powerTitle = 'Power'

function lineOf(
  points: readonly MachinePoint[],
  read: MachineChart['read'],
): { points: readonly Point[]; samples: number } {
  const bySecond = new Map<number, number[]>()
  let samples = 0
  for (const { x, load } of points) {
    const value = read(load)
    if (value === null) continue
    samples += 1
    const known = bySecond.get(x)
    if (known) known.push(value)
    else bySecond.set(x, [value])
  }
  const line = [...bySecond].sort(([a], [b]) => a - b).map(([x, values]) => ({ x, y: mean(values)! }))
  return { points: line, samples }
}
