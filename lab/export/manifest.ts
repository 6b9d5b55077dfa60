import type { RunDetail } from '#shared/contract/console-api'
import { isoTime } from '#shared/experiment/csv-columns'
import type { StoredRun, StoredTrial } from '../store/run-store'
import type { WrittenFile } from './csv-file'

export interface ManifestInput {
  readonly run: Pick<StoredRun, 'runId' | 'name' | 'lab' | 'createdAt' | 'yaml' | 'program'>
  readonly state: RunDetail['state']['kind']
  readonly trials: readonly StoredTrial[]
  readonly files: Readonly<Record<string, WrittenFile>>
  /** The experiment as it was understood; null where this version cannot read it any more. */
  readonly experiment: unknown
  readonly exportedAt: number
  readonly exportedBy: { readonly version: string; readonly gitRevision: string }
}

/** Everything that one needs to know to repeat a run, or to trust it. Format 1. */
export function manifest(input: ManifestInput): object {
  const { run, trials } = input
  return {
    format: 1,
    run_id: run.runId,
    name: run.name,
    state: input.state,
    lab: run.lab,
    created_at: isoTime(run.createdAt),
    exported_at: isoTime(input.exportedAt),
    program: {
      name: 'SkyMemory Console',
      version: run.program.version,
      git_revision: run.program.gitRevision,
      node: run.program.nodeVersion,
      platform: run.program.platform,
    },
    exported_by: { version: input.exportedBy.version, git_revision: input.exportedBy.gitRevision },
    experiment: input.experiment,
    experiment_yaml: run.yaml,
    clocks: clocks(run.lab, trials),
    hosts: hosts(trials),
    trials: trials.map((trial) => ({
      trial_id: trial.trialId,
      repeat: trial.repeat,
      seed: trial.seed,
      factors: trial.factors,
      state: trial.attempt.state.kind,
      attempt: trial.attempt.attempt,
      error: trial.attempt.state.kind === 'failed' ? trial.attempt.state.error : null,
      started_at: trial.attempt.startedAt === null ? null : isoTime(trial.attempt.startedAt),
      records: trial.attempt.lastSeq,
      model: modelOf(trial.attempt),
      link_delay: {
        mode: trial.parameters.link_delay,
        hosts: trial.attempt.hosts.map(({ hostId, delay }) => ({
          host: hostId,
          packets: delay?.packets ?? null,
          demanded_ms: delay?.demandedMs ?? null,
          achieved_ms: delay?.achievedMs ?? null,
          worst_lateness_ms: delay?.worstMs ?? null,
        })),
      },
    })),
    files: Object.fromEntries(
      Object.entries(input.files).map(([name, { rows, bytes, sha256 }]) => [name, { rows, bytes, sha256 }]),
    ),
  }
}

/** The real model that the trial ran; null with the synthetic engine. */
function modelOf({ hosts }: StoredTrial['attempt']): object | null {
  const model = hosts.find((host) => host.model !== null)?.model ?? null
  return (
    model && {
      name: model.name,
      file_sha256: model.fileSha256,
      architecture: model.architecture,
      kv_type: model.kvType,
      kvc_bytes_per_token: model.kvcBytesPerToken,
      context_tokens: model.contextTokens,
      threads: model.threads,
      library: model.library,
      processor: model.processor,
    }
  )
}

/** How far the hosts' clocks were from the console's in the newest trial, and how far that may be wrong. */
function clocks(lab: string, trials: readonly StoredTrial[]): object {
  // All hosts of the local lab are processes of one machine.
  const same = lab === 'local' ? { offsetMs: 0, uncertaintyMs: 0 } : null
  const known = trials.flatMap((trial) =>
    trial.attempt.hosts.map((host) => [host.hostId, host.clock] as const),
  )
  const newest = new Map(known.filter(([, clock]) => clock !== null))
  const found = hostIds(trials).map((hostId) => [hostId, newest.get(hostId) ?? same] as const)
  return {
    source:
      same !== null
        ? 'one clock: all hosts run on one machine'
        : newest.size > 0
          ? "exchanges of time stamps over the control channel, as NTP: host's clock minus the console's"
          : 'not measured',
    offsets_ms: Object.fromEntries(found.map(([hostId, clock]) => [hostId, clock?.offsetMs ?? null])),
    uncertainties_ms: Object.fromEntries(
      found.map(([hostId, clock]) => [hostId, clock?.uncertaintyMs ?? null]),
    ),
  }
}

function hostIds(trials: readonly StoredTrial[]): string[] {
  return [...new Set(trials.flatMap((trial) => trial.attempt.hosts.map((host) => host.hostId)))]
}

/** The hosts of the newest trial that knows them; they are the same in every trial of one shape. */
function hosts(trials: readonly StoredTrial[]): object[] {
  const byId = new Map(
    trials.flatMap((trial) => trial.attempt.hosts.map((host) => [host.hostId, host] as const)),
  )
  return [...byId.values()].map(({ hostId, role, planes, version, nodeVersion, hardware }) => ({
    host: hostId,
    role,
    planes,
    agent_version: version,
    node: nodeVersion,
    cpu: hardware?.cpu ?? null,
    cores: hardware?.cores ?? null,
    memory_bytes: hardware?.memoryBytes ?? null,
    kernel: hardware?.kernel ?? null,
    architecture: hardware?.architecture ?? null,
    hostname: hardware?.hostname ?? null,
  }))
}
