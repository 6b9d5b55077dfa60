import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { telemetry, type Telemetry } from '#shared/contract/agent-control'
import { changeMachine, container, jetson, layMachine, nuc, type KernelFiles } from '../testing/machines'
import { MachineWatch } from './machine-watch'
import { parseCpuTimes, parseInterfaces, parseMemoryUsed } from './parse-proc'
import { parseGpuLoad, parseTemperatureC, parseWatts, wattsOf } from './parse-sensors'
import { machineReader } from './read-machine'
import type { Reading } from './reading'
import { telemetryBetween } from './telemetry-between'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

async function machine(files: KernelFiles) {
  const root = layMachine(files)
  roots.push(root)
  return { root, read: await machineReader('linux', root) }
}

/** As if there had been a second between the two readings. */
const overASecond = (before: Reading, now: Reading): Telemetry =>
  telemetryBetween({ ...before, monotonicMs: 0 }, { ...now, monotonicMs: 1_000 })

describe('the telemetry of a machine', () => {
  test('of a NUC: hottest real sensor, and only what its cards count', async () => {
    const { root, read } = await machine(nuc)
    const before = await read()
    changeMachine(root, {
      'proc/stat': 'cpu  2255907 4321 482785 98412445 12365 0 8765 0 1000 0\n',
      'proc/net/dev': (nuc['proc/net/dev'] ?? '')
        .replace('1000000000 ', '1000250000 ')
        .replace('500000000 ', '500040000 ')
        .replace('9000000 ', '9900000 '),
    })
    expect(overASecond(before, await read())).toEqual({
      at: expect.any(Number) as number,
      // 60 user + 20 system of 200.
      cpuLoad: 0.4,
      memoryUsedBytes: (15_983_984 - 11_209_012) * 1024,
      temperatureC: 62,
      receivedBytesPerS: 250_000,
      sentBytesPerS: 40_000,
      gpuLoad: null,
      powerW: {},
    })
  })

  test('of a Jetson: GPU and rails; a sleeping sensor and one that always tells 100 degrees are left out', async () => {
    const { read } = await machine(jetson)
    const found = telemetryBetween(null, await read())
    expect(found).toMatchObject({ temperatureC: 49.5, gpuLoad: 0.437, memoryUsedBytes: 4_593_772 * 1024 })
    expect(found.powerW).toEqual({
      VDD_IN: expect.closeTo(6.6528, 9) as number,
      VDD_CPU_GPU_CV: expect.closeTo(1.40896, 9) as number,
      VDD_SOC: expect.closeTo(1.81152, 9) as number,
    })
  })

  test.each(['sys/devices/gpu.0/load', 'sys/devices/platform/17000000.ga10b/load'])(
    'finds the GPU at %s',
    async (path) => {
      const { read } = await machine({ ...container, [path]: '1000\n' })
      expect((await read()).gpuLoad).toBe(1)
    },
  )

  test('of a container without sensors: what there is', async () => {
    const { root, read } = await machine(container)
    const before = await read()
    changeMachine(root, { 'proc/net/dev': (container['proc/net/dev'] ?? '').replace('1000  ', '3000  ') })
    expect(overASecond(before, await read())).toMatchObject({
      memoryUsedBytes: 512_000 * 1024,
      temperatureC: null,
      receivedBytesPerS: 2_000,
      sentBytesPerS: 0,
      gpuLoad: null,
      powerW: {},
    })
  })

  test('of a machine that tells nothing is nothing, and no error', async () => {
    const { read } = await machine({ 'proc/stat': 'nonsense', 'proc/meminfo': '' })
    const before = await read()
    expect(overASecond(before, await read())).toEqual({
      at: expect.any(Number) as number,
      cpuLoad: null,
      memoryUsedBytes: null,
      temperatureC: null,
      receivedBytesPerS: null,
      sentBytesPerS: null,
      gpuLoad: null,
      powerW: {},
    })
  })

  test('of other systems is what Node knows', async () => {
    const read = await machineReader('darwin')
    const reading = await read()
    expect(reading.memoryUsedBytes).toBeGreaterThan(0)
    expect(reading.cpu?.total).toBeGreaterThan(reading.cpu?.busy ?? Infinity)
    expect(telemetry.parse(telemetryBetween(null, reading)).receivedBytesPerS).toBeNull()
  })

  test('of this machine fits the contract', async () => {
    const read = await machineReader()
    const before = await read()
    await new Promise((resolve) => setTimeout(resolve, 50))
    telemetry.parse(telemetryBetween(before, await read()))
  })
})

describe('rates', () => {
  const reading = (changes: Partial<Reading>): Reading => ({
    at: 0,
    monotonicMs: 0,
    cpu: { busy: 10, total: 100 },
    memoryUsedBytes: 1,
    temperatureC: null,
    network: new Map([['eth0', { received: 100, sent: 100 }]]),
    gpuLoad: null,
    powerW: {},
    ...changes,
  })

  test('need two readings', () => {
    expect(telemetryBetween(null, reading({}))).toMatchObject({ cpuLoad: null, receivedBytesPerS: null })
  })

  test('are not measured where a counter went back or time stood still', () => {
    const back = new Map([['eth0', { received: 50, sent: 200 }]])
    const now = { monotonicMs: 1_000, network: back, cpu: { busy: 5, total: 200 } }
    expect(telemetryBetween(reading({}), reading(now))).toMatchObject({
      cpuLoad: null,
      receivedBytesPerS: null,
      sentBytesPerS: 100,
    })
    expect(telemetryBetween(reading({}), reading({}))).toMatchObject({ cpuLoad: null, sentBytesPerS: null })
  })

  test('leave out a card that was plugged in meanwhile', () => {
    const network = new Map([
      ['eth0', { received: 300, sent: 100 }],
      ['usb0', { received: 1e9, sent: 1e9 }],
    ])
    expect(telemetryBetween(reading({}), reading({ monotonicMs: 2_000, network }))).toMatchObject({
      receivedBytesPerS: 100,
      sentBytesPerS: 0,
    })
  })

  test('of the processor lie between 0 and 1', () => {
    const times = fc.record({ busy: fc.nat(1e6), idle: fc.nat(1e6) })
    fc.assert(
      fc.property(times, times, (one, two) => {
        const cpuOf = ({ busy, idle }: { busy: number; idle: number }) => ({ busy, total: busy + idle })
        const { cpuLoad } = telemetryBetween(reading({ cpu: cpuOf(one) }), reading({ cpu: cpuOf(two) }))
        expect(cpuLoad === null || (cpuLoad >= 0 && cpuLoad <= 1)).toBe(true)
      }),
    )
  })
})

describe('the kernel in other words', () => {
  test('whatever a file holds, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseCpuTimes(text)
        parseMemoryUsed(text)
        parseInterfaces(text)
        for (const parse of [parseTemperatureC, parseGpuLoad, parseWatts]) parse(text)
        wattsOf(text, text)
      }),
    )
  })

  test('impossible values are no measurements', () => {
    expect(['-274000', '127500', 'x', '', null].map(parseTemperatureC)).toEqual(Array(5).fill(null))
    expect(['-1', '1001', 'n/a'].map(parseGpuLoad)).toEqual([null, null, null])
    expect(parseWatts('15250000')).toBe(15.25)
  })
})

describe('watching a machine', () => {
  afterEach(() => void vi.useRealTimers())

  test('begins with the first question, once a second, and ends when nobody asks any more', async () => {
    vi.useFakeTimers()
    let reads = 0
    const base: Reading = {
      at: 0,
      monotonicMs: 0,
      cpu: null,
      memoryUsedBytes: null,
      temperatureC: null,
      network: null,
      gpuLoad: null,
      powerW: {},
    }
    const watch = new MachineWatch(async () => async () => ({ ...base, at: ++reads }))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(reads).toBe(0)
    expect(watch.telemetry()).toBeNull()
    await vi.advanceTimersByTimeAsync(3_500)
    expect(watch.telemetry()?.at).toBe(4)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads).toBeLessThan(17)
    const before = reads
    expect(watch.telemetry()).toBeNull()
    await vi.advanceTimersByTimeAsync(1_500)
    expect(reads).toBe(before + 2)
  })
})
