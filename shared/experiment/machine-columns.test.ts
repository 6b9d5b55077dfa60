import { expect, test } from 'vitest'
import type { MachineLoad, TimelinePoint } from '../contract/console-api'
import { machineColumns } from './machine-columns'

const load: MachineLoad = {
  cpuLoad: 1,
  memoryUsedBytes: 2,
  temperatureC: 3,
  receivedBytesPerS: 4,
  sentBytesPerS: 5,
  gpuLoad: null,
  powerW: { VDD_IN: 6, 'VDD GPU/SOC': 7 },
}

test('machines have their own columns, with units in the names', () => {
  const columns = machineColumns([
    { machine: 'jetson', rails: ['VDD GPU/SOC', 'VDD_IN'] },
    { machine: 'nuc-1', rails: [] },
  ])
  const row = { runId: 'r', point: { machines: { jetson: load } } as unknown as TimelinePoint }
  expect(columns.map(({ name, read }) => [name, read(row)])).toEqual([
    ['jetson_cpu_load', 1],
    ['jetson_memory_used_bytes', 2],
    ['jetson_temperature_c', 3],
    ['jetson_received_bytes_per_s', 4],
    ['jetson_sent_bytes_per_s', 5],
    ['jetson_gpu_load', null],
    ['jetson_power_vdd_gpu_soc_w', 7],
    ['jetson_power_vdd_in_w', 6],
    ['nuc-1_cpu_load', null],
    ['nuc-1_memory_used_bytes', null],
    ['nuc-1_temperature_c', null],
    ['nuc-1_received_bytes_per_s', null],
    ['nuc-1_sent_bytes_per_s', null],
    ['nuc-1_gpu_load', null],
  ])
  expect(machineColumns([])).toEqual([])
})
