import type { LabHost } from '#shared/contract/console-api'
import type { Inventory, InventoryHost } from '#shared/inventory/inventory'

/** The made-up hosts of an inventory while the console is connected to them. */
export function sshHosts(inventory: Inventory, planes: number, now: number): LabHost[] {
  const satellites = inventory.hosts.filter((host) => host.role === 'satellite')
  const ordered = [...satellites, ...inventory.hosts.filter((host) => host.role === 'inference')]
  return ordered.map((host, i) => {
    const own = Array.from({ length: planes }, (_, plane) => plane).filter(
      (plane) =>
        host.role === 'satellite' && (host.planes?.includes(plane) ?? plane % satellites.length === i),
    )
    return sshHost(host, own, satellites.length, i, now)
  })
}

function sshHost(
  host: InventoryHost,
  planes: number[],
  satellites: number,
  index: number,
  now: number,
): LabHost {
  const jetson = host.role === 'inference'
  const peers = jetson ? satellites : satellites - 1
  return {
    hostId: host.name,
    role: host.role,
    planes,
    address: host.address,
    hardware: jetson
      ? {
          cpu: 'Cortex-A78AE',
          cores: 6,
          memoryBytes: 7_977_000_000,
          kernel: 'Linux 5.15.148-tegra',
          architecture: 'arm64',
          hostname: host.name,
        }
      : {
          cpu: 'Intel Core i5-1135G7',
          cores: 8,
          memoryBytes: 16_532_000_000,
          kernel: 'Linux 6.1.0-28-amd64',
          architecture: 'x64',
          hostname: host.name,
        },
    telemetry: {
      at: now,
      cpuLoad: jetson ? 0.42 : 0.06 + index * 0.013,
      memoryUsedBytes: jetson ? 3_120_000_000 : 1_410_000_000 + index * 31_000_000,
      temperatureC: jetson ? 58.5 : 44 + index,
      receivedBytesPerS: 1_840_000 + index * 121_000,
      sentBytesPerS: 2_130_000 + index * 88_000,
      gpuLoad: jetson ? 0.71 : null,
      powerW: jetson ? { VDD_IN: 14.2, VDD_CPU_GPU_CV: 6.1, VDD_SOC: 2.4 } : {},
    },
    clock: { offsetMs: index * 1.7 - 3.1, uncertaintyMs: 0.2 },
    state: {
      kind: 'healthy',
      pid: 2_411 + index,
      version: '0.1.0',
      nodeVersion: '22.21.1',
      startedAt: now - 86_000_000,
      rssBytes: jetson ? 188_000_000 : 61_000_000 + index * 1_730_000,
      cpuLoad: 0.08 + index * 0.02,
      peersConnected: peers,
      peersExpected: peers,
    },
  }
}
