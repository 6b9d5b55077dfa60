import type { z } from 'zod'
import type {
  delayStats,
  ModelFacts,
  Failures,
  inferenceControl,
  satelliteControl,
  Telemetry,
} from '#shared/contract/agent-control'
import type { LabHost, LogLine } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import type { SatelliteCounters } from '#shared/experiment/records'

export type SatelliteClient = Client<typeof satelliteControl>
export type InferenceClient = Client<typeof inferenceControl>
export type DelayStats = z.infer<typeof delayStats>

export interface LabShape {
  readonly slots: number
  readonly planes: number
}

/** Which lab is wanted, and with which constellation. */
export interface WantedLab extends LabShape {
  /** `local`, `simulated`, or the name of an inventory. */
  readonly name: string
}

/** A machine under the lab, and what it did when it was last read; times are its own. */
export interface ReadMachine {
  /** The host's name, or that of the lab where all hosts share one machine. */
  readonly machine: string
  readonly telemetry: Telemetry
}

/** What one host answered when it was last asked how it is. */
export interface HostSample {
  /** Unix ms of the answer. */
  readonly at: number
  /** The same on the trial's own clock, where that is not the wall's: in a simulation. */
  readonly trialAt?: number
  /** Empty for an inference host. */
  readonly satellites: readonly SatelliteCounters[]
  readonly delay: DelayStats
  /** Base URL of the OpenAI-compatible API while an inference host serves it. */
  readonly apiUrl: string | null
  /** The real model that an inference host has loaded. */
  readonly model?: ModelFacts | null
  /** Its machine; null where it was not read, and where another host tells of the machine that they share. */
  readonly machine: ReadMachine | null
}

export type LabChange =
  /** A host's state is another one; `lab.hosts()` has it. */
  | { readonly kind: 'host'; readonly host: LabHost }
  /** A host ended by itself or was killed; told as soon as it is known. */
  | { readonly kind: 'lost'; readonly host: LabHost }
  /** A host was started again, and every other host knows where it is. */
  | { readonly kind: 'returned'; readonly host: LabHost }
  /** The way to a host is there again; it has run on meanwhile, and whoever follows what it tells must ask again. */
  | { readonly kind: 'reconnected'; readonly host: LabHost }
  | { readonly kind: 'log'; readonly lines: readonly LogLine[] }

/**
 * The running hosts of a lab, however they are reached: processes of this machine, threads, or agents behind SSH.
 * Hosts that are lost stay listed, as crashed, until they are restarted.
 */
export interface LabHosts {
  /** `local`, or the name of an inventory. */
  readonly name: string
  readonly shape: LabShape
  /** True: its agents, and the trial that they run, go on when this program ends. */
  readonly outlivesConsole: boolean
  /** Satellite hosts in the order of their planes, then the inference host. */
  hosts(): readonly LabHost[]
  /** @throws SkyError `host_down` when that host does not run, `not_found` when there is none of that name */
  satellite(hostId: string): SatelliteClient
  /** @throws SkyError `host_down` */
  inference(): InferenceClient
  /** The newest answer of each host, also of hosts that were lost since. */
  samples(): ReadonlyMap<string, HostSample>
  /** Ask every healthy host now; it also happens once a second. Hosts that do not answer keep their last sample. */
  poll(): Promise<void>
  /** Fail and restore satellites and links on all hosts; restarted hosts are told again. */
  setFailures(failures: Failures): Promise<void>
  /** Start crashed hosts again; hosts that run are left alone. @throws SkyError `lab_start_failed` */
  restart(hostIds: readonly string[]): Promise<void>
  /** Stop every host, in reverse order of their start. Never fails. */
  stop(): Promise<void>
  onChange(listener: (change: LabChange) => void): () => void
}

/** Starts a lab of a given shape. @throws SkyError `lab_start_failed`, `version_skew`, `cancelled` */
export type StartLab = (
  shape: LabShape,
  onStep: (step: string, hosts: readonly LabHost[]) => void,
  onChange: (change: LabChange) => void,
  signal: AbortSignal,
) => Promise<LabHosts>
