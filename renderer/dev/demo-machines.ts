import type { MachineReading } from '#shared/contract/console-api'

const gib = 1_073_741_824

/** Made-up readings of the paper's testbed at one moment: five NUCs and a Jetson, each with its own rhythm. */
export function demoReadings(at: number): MachineReading[] {
  const wave = (periodS: number, phase: number): number =>
    0.5 + 0.5 * Math.sin((at / 1000 / periodS) * 2 * Math.PI + phase)
  const nucs = Array.from({ length: 5 }, (_, i): MachineReading => {
    const load = 0.12 + 0.1 * i * 0.4 + 0.12 * wave(11 + i, i)
    return {
      machine: `nuc${i + 1}`,
      at,
      cpuLoad: load,
      memoryUsedBytes: (2.1 + 0.2 * i + 0.3 * wave(60, i)) * gib,
      temperatureC: 44 + 2 * i + 6 * wave(40, i),
      receivedBytesPerS: 4e6 + 9e6 * wave(7, i),
      sentBytesPerS: 6e6 + 12e6 * wave(7, i + 1),
      gpuLoad: null,
      powerW: {},
    }
  })
  const busy = wave(9, 0)
  return [
    ...nucs,
    {
      machine: 'jetson',
      at,
      cpuLoad: 0.35 + 0.2 * busy,
      memoryUsedBytes: (4.6 + 0.6 * busy) * gib,
      temperatureC: 51 + 5 * wave(50, 1),
      receivedBytesPerS: 3e7 + 4e7 * busy,
      sentBytesPerS: 1e7 + 1e7 * busy,
      gpuLoad: 0.4 + 0.5 * busy,
      powerW: { VDD_IN: 7 + 5 * busy, VDD_CPU_GPU_CV: 2.4 + 3 * busy, VDD_SOC: 1.6 + 0.4 * busy },
    },
  ]
}
