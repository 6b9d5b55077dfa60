import type { Telemetry } from '#shared/contract/agent-control'
import type { InterfaceBytes, Reading } from './reading'

/** The state of a machine at a reading, with its rates since the one before; the first one has no rates. */
export function telemetryBetween(before: Reading | null, now: Reading): Telemetry {
  const { at, memoryUsedBytes, temperatureC, gpuLoad, powerW } = now
  return {
    at,
    cpuLoad: cpuLoad(before, now),
    memoryUsedBytes,
    temperatureC,
    receivedBytesPerS: bytesPerS(before, now, 'received'),
    sentBytesPerS: bytesPerS(before, now, 'sent'),
    gpuLoad,
    powerW: { ...powerW },
  }
}

function cpuLoad(before: Reading | null, now: Reading): number | null {
  const earlier = before?.cpu ?? null
  if (earlier === null || now.cpu === null) return null
  const total = now.cpu.total - earlier.total
  const busy = now.cpu.busy - earlier.busy
  // Kernels let the time spent waiting shrink now and then: what does not add up is no measurement.
  return total > 0 && busy >= 0 && busy <= total ? busy / total : null
}

/** Over the interfaces that were there both times. */
function bytesPerS(before: Reading | null, now: Reading, way: keyof InterfaceBytes): number | null {
  if (before === null || before.network === null || now.network === null) return null
  const seconds = (now.monotonicMs - before.monotonicMs) / 1000
  if (seconds <= 0) return null
  let bytes = 0
  for (const [name, totals] of now.network) {
    const earlier = before.network.get(name)
    if (earlier === undefined) continue
    // An interface that was taken away and put back counts from 0 again.
    if (totals[way] < earlier[way]) return null
    bytes += totals[way] - earlier[way]
  }
  return bytes / seconds
}
