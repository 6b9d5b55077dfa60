import type { RunEvent } from '#shared/contract/console-api'
import type { ChartEvent, LineChartSpec } from '../../charts/chart-spec'
import type { LiveCharts, LiveMetric, LiveView } from '../../charts/live-charts'
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

export function liveSpec(
  chart: LiveChart,
  charts: LiveCharts,
  view: LiveView,
  events: readonly ChartEvent[],
): LineChartSpec {
  return {
    title: chart.title,
    unit: chart.unit,
    xTitle: view.axis === 'trial' ? 'Time since the trial began (s)' : 'Time since the run began (s)',
    series: charts.series(chart.metric, view),
    events,
  }
}
