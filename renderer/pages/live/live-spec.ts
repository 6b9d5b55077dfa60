import type { RunEvent } from '#shared/contract/console-api'
import type { ChartEvent, LineChartSpec } from '../../charts/chart-spec'
import type { LiveCharts, LiveMetric, LiveView } from '../../charts/live-charts'
import type { MachinePoint } from '../../charts/machine-charts'
import type { MachineHistory } from '../../charts/machine-history'
import type { LiveTrial } from '../../charts/live-trial'

export interface LiveChart {
  readonly metric: LiveMetric
  readonly title: string
  readonly unit: string
}

export function liveChartsShown(statistic: LiveView['statistic']): readonly LiveChart[] {
  return [
    { metric: 'hitRate', title: 'Block hit rate', unit: '%' },
    { metric: 'ttft', title: `TTFT ${statistic}`, unit: 'ms' },
    { metric: 'hops', title: `Hops, request mean, ${statistic}`, unit: 'hops' },
    { metric: 'tpot', title: `TPOT ${statistic}`, unit: 'ms' },
    { metric: 'throughput', title: 'Throughput', unit: 'tokens/s' },
    { metric: 'propagation', title: `Propagation ${statistic}`, unit: 'ms' },
  ]
}

const faults = new Set<RunEvent['name']>(['host_lost', 'satellite_failed', 'link_failed'])
const notOnCharts = new Set<RunEvent['name']>(['trial_started', 'rotation_finished'])

/** Events at their place on the time axis. Where trials lie over each other, only those of the trial that runs are shown. */
export function chartEvents(
  events: readonly RunEvent[],
  trials: ReadonlyMap<string, LiveTrial>,
  axis: LiveView['axis'],
  currentTrial: string | null,
): ChartEvent[] {
  const starts = [...trials.values()].map((trial) => trial.startedAt ?? Number.POSITIVE_INFINITY)
  const origin = Math.min(...starts)
  return events.flatMap((event) => {
    if (notOnCharts.has(event.name)) return []
    if (axis === 'trial' && event.trialId !== currentTrial) return []
    const start = axis === 'run' ? origin : trials.get(event.trialId)?.startedAt
    if (start === null || start === undefined || !Number.isFinite(start)) return []
    return [
      {
        x: (event.at - start) / 1000,
        label: event.message,
        severity: faults.has(event.name) ? ('fault' as const) : ('note' as const),
      },
    ]
  })
}

/** The machines of the trial that runs, or ran last; along the whole run where that is the axis. */
export function liveMachinePoints(
  machines: MachineHistory,
  trials: ReadonlyMap<string, LiveTrial>,
  axis: LiveView['axis'],
  currentTrial: string | null,
): MachinePoint[] {
  if (axis === 'trial') {
    const shown = currentTrial ?? machines.newestTrial
    return shown === null ? [] : machines.points(shown)
  }
  const startOf = (trialId: string): number => trials.get(trialId)?.startedAt ?? Number.POSITIVE_INFINITY
  const origin = Math.min(...[...trials.keys()].map(startOf))
  return machines.trialIds.flatMap((trialId) => {
    const start = startOf(trialId)
    return Number.isFinite(start) ? machines.points(trialId, Math.floor((start - origin) / 1000)) : []
  })
}

export function timeTitle(axis: LiveView['axis']): string {
  return axis === 'trial' ? 'Time since the trial began (s)' : 'Time since the run began (s)'
}

export function liveSpec(
  chart: LiveChart,
  charts: LiveCharts,
  view: LiveView,
  events: readonly ChartEvent[],
): LineChartSpec {
  return {
    title: chart.title,
    unit: chart.unit,
    xTitle: timeTitle(view.axis),
    series: charts.series(chart.metric, view),
    events,
  }
}
