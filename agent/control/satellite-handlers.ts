import type { satelliteControl } from '#shared/contract/agent-control'
import { type Hello } from '#shared/contract/agent-control'
import type { Handlers } from '#shared/contract/rpc'
import type { MachineWatch } from '../telemetry/machine-watch'
import { tellTime } from './clock-handler'
import type { SatelliteHost } from '../satellite/satellite-host'

/** The control methods of a satellite host. */
export function satelliteHandlers(
  host: SatelliteHost,
  machine: MachineWatch,
  hello: () => Hello,
  shutdown: () => void,
): Handlers<typeof satelliteControl> {
  return {
    hello,
    configure: (topology) => {
      host.configure(topology)
      return null
    },
    setFailures: (failures) => {
      host.setFailures(failures)
      return null
    },
    clock: tellTime,
    prepareTrial: (trial) => {
      host.prepareTrial(trial)
      return null
    },
    counters: ({ telemetry }) => ({
      satellites: host.counters(),
      delay: host.delayTotals(),
      peersConnected: host.transport.connectedPeers(),
      rssBytes: process.memoryUsage.rss(),
      cpuS: cpuSeconds(),
      telemetry: telemetry ? machine.telemetry() : null,
    }),
    storedBlocks: ({ slot, plane, limit }) => host.storedBlocks({ slot, plane }, limit),
    damageBlock: ({ hash, how }) => ({ damaged: host.damageBlock(hash, how) }),
    shutdown: () => {
      setImmediate(shutdown)
      return null
    },
  }
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
