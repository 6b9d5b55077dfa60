import { cpus, freemem, totalmem } from 'node:os'
import { join } from 'node:path'
import { findLinuxSensors, readText, type LinuxSensors, type Rail } from './linux-sensors'
import { countedInterfaces, parseCpuTimes, parseInterfaces, parseMemoryUsed } from './parse-proc'
import { parseGpuLoad, parseTemperatureC, parseWatts, wattsOf } from './parse-sensors'
import type { CpuTimes, Reading } from './reading'

export type ReadMachine = () => Promise<Reading>

/** How this machine is read: on Linux from /proc and /sys, elsewhere what Node knows of every system. */
export async function machineReader(platform = process.platform, root = '/'): Promise<ReadMachine> {
  if (platform !== 'linux') return async () => readByNode()
  const sensors = await findLinuxSensors(root)
  return () => readLinux(root, sensors)
}

async function readLinux(root: string, sensors: LinuxSensors): Promise<Reading> {
  const [stat, memory, network, gpu, temperatures, powerW] = await Promise.all([
    readText(join(root, 'proc/stat')),
    readText(join(root, 'proc/meminfo')),
    readText(join(root, 'proc/net/dev')),
    sensors.gpuLoad === null ? null : readText(sensors.gpuLoad),
    Promise.all(sensors.temperatures.map(readText)),
    readRails(sensors.rails),
  ])
  return {
    ...now(),
    cpu: stat === null ? null : parseCpuTimes(stat),
    memoryUsedBytes: memory === null ? null : parseMemoryUsed(memory),
    temperatureC: hottest(temperatures.map(parseTemperatureC)),
    network: network === null ? null : countedInterfaces(parseInterfaces(network), sensors.cards),
    gpuLoad: parseGpuLoad(gpu),
    powerW,
  }
}

async function readRails(rails: readonly Rail[]): Promise<Record<string, number>> {
  const powerW: Record<string, number> = {}
  for (const rail of rails) {
    const watts =
      rail.kind === 'watts'
        ? parseWatts(await readText(rail.watts))
        : wattsOf(await readText(rail.volts), await readText(rail.amperes))
    if (watts !== null) powerW[rail.name] = watts
  }
  return powerW
}

function readByNode(): Reading {
  return {
    ...now(),
    cpu: cpuTimesByNode(),
    memoryUsedBytes: totalmem() - freemem(),
    temperatureC: null,
    network: null,
    gpuLoad: null,
    powerW: {},
  }
}

function cpuTimesByNode(): CpuTimes | null {
  const cores = cpus().map(({ times }) => ({ idle: times.idle, total: sumOf(Object.values(times)) }))
  if (cores.length === 0) return null
  const total = sumOf(cores.map((core) => core.total))
  return { total, busy: total - sumOf(cores.map((core) => core.idle)) }
}

const now = () => ({ at: Date.now(), monotonicMs: performance.now() })

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

function hottest(temperatures: readonly (number | null)[]): number | null {
  const known = temperatures.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
