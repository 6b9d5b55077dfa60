/** Processor time of all cores together since the start of the machine, in the kernel's units: only shares of it are used. */
export interface CpuTimes {
  readonly busy: number
  readonly total: number
}

/** Bytes of one network interface since the start of the machine. */
export interface InterfaceBytes {
  readonly received: number
  readonly sent: number
}

/** What a machine tells at one moment: totals, of which `telemetryBetween` makes rates. Null = it does not tell. */
export interface Reading {
  /** Unix ms. */
  readonly at: number
  /** ms by a clock that is never set. */
  readonly monotonicMs: number
  readonly cpu: CpuTimes | null
  readonly memoryUsedBytes: number | null
  readonly temperatureC: number | null
  /** By the interface's name. */
  readonly network: ReadonlyMap<string, InterfaceBytes> | null
  readonly gpuLoad: number | null
  readonly powerW: Readonly<Record<string, number>>
}
