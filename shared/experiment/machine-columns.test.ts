import fc from 'fast-check'
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

test('rails that reduce to the same word have columns of their own, whatever order they come in', () => {
  const powerW = { 'VDD IN': 1, VDD_IN: 2, 'vdd/in': 3, VDD_IN_2: 4 }
  const row = { runId: 'r', point: { machines: { jetson: { ...load, powerW } } } as unknown as TimelinePoint }
  const power = (rails: readonly string[]) =>
    Object.fromEntries(
      machineColumns([{ machine: 'jetson', rails }])
        .filter(({ name }) => name.includes('_power_'))
        .map(({ name, read }) => [name, read(row)]),
    )
  const rails = Object.keys(powerW)
  const expected = {
    jetson_power_vdd_in_w: 1,
    jetson_power_vdd_in_3_w: 2,
    jetson_power_vdd_in_4_w: 3,
    jetson_power_vdd_in_2_w: 4,
  }
  expect(power(rails)).toEqual(expected)
  expect(power([...rails].reverse())).toEqual(expected)
})

test('no two columns ever share a name', () => {
  const rail = fc.oneof(fc.string({ maxLength: 6 }), fc.stringMatching(/^[aA][ _]?[23]?$/))
  fc.assert(
    fc.property(fc.uniqueArray(rail, { maxLength: 12 }), (rails) => {
      const names = machineColumns([{ machine: 'jetson', rails }]).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    }),
  )
})
