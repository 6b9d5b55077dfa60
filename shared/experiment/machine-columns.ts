import type { MachineLoad } from '../contract/console-api'
import type { CsvColumn, TimelineRow } from './csv-columns'

/** A machine of a run, and its power rails. */
export interface MachineColumns {
  readonly machine: string
  readonly rails: readonly string[]
}

type Metric = Exclude<keyof MachineLoad, 'powerW'>

const metricColumns: Readonly<Record<Metric, string>> = {
  cpuLoad: 'cpu_load',
  memoryUsedBytes: 'memory_used_bytes',
  temperatureC: 'temperature_c',
  receivedBytesPerS: 'received_bytes_per_s',
  sentBytesPerS: 'sent_bytes_per_s',
  gpuLoad: 'gpu_load',
}

/** The columns of timeline.csv that depend on the lab: for each machine its metrics, then the power of its rails. */
export function machineColumns(machines: readonly MachineColumns[]): CsvColumn<TimelineRow>[] {
  return machines.flatMap(({ machine, rails }) => [
    ...(Object.keys(metricColumns) as Metric[]).map((metric) => ({
      name: `${machine}_${metricColumns[metric]}`,
      read: (row: TimelineRow) => row.point.machines[machine]?.[metric] ?? null,
    })),
    ...rails.map((rail) => ({
      name: `${machine}_power_${columnWord(rail)}_w`,
      read: (row: TimelineRow) => row.point.machines[machine]?.powerW[rail] ?? null,
    })),
  ])
}

/** `VDD_IN` as in the names of other columns: `vdd_in`. */
function columnWord(rail: string): string {
  return rail.toLowerCase().replace(/[^a-z0-9]+/g, '_')
}
