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
  return machines.flatMap(({ machine, rails }) => {
    const words = railWords(rails)
    return [
      ...(Object.keys(metricColumns) as Metric[]).map((metric) => ({
        name: `${machine}_${metricColumns[metric]}`,
        read: (row: TimelineRow) => row.point.machines[machine]?.[metric] ?? null,
      })),
      ...[...words].map(([rail, word]) => ({
        name: `${machine}_power_${word}_w`,
        read: (row: TimelineRow) => row.point.machines[machine]?.powerW[rail] ?? null,
      })),
    ]
  })
}

/**
 * A word of its own for each rail. Of rails that reduce to the same word the first one has it, by the order of their code units, and the
 * others get a number from 2 on that makes a word of no rail: the same rails always have the same words, in whatever order they come.
 */
function railWords(rails: readonly string[]): Map<string, string> {
  const plain = new Set(rails.map(columnWord))
  const given = new Map<string, string>()
  const taken = new Set<string>()
  for (const rail of [...rails].sort()) {
    const own = columnWord(rail)
    let word = own
    for (let number = 2; taken.has(word); number++) {
      const numbered = `${own}_${number}`
      if (!plain.has(numbered)) word = numbered
    }
    taken.add(word)
    given.set(rail, word)
  }
  return new Map(rails.map((rail) => [rail, given.get(rail) ?? columnWord(rail)]))
}

/** `VDD_IN` as in the names of other columns: `vdd_in`. */
function columnWord(rail: string): string {
  return rail.toLowerCase().replace(/[^a-z0-9]+/g, '_')
}
