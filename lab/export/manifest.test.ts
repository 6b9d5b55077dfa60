import { expect, it } from 'vitest'
import type { Attempt, AttemptHost } from '../store/run-store'
import { aTrial } from '../testing/records'
import { manifest, type ManifestInput } from './manifest'

const host: AttemptHost = {
  hostId: 'nuc1',
  role: 'satellite',
  planes: [0],
  version: '1.0',
  nodeVersion: '20.1',
  hardware: {
    cpu: 'i5',
    cores: 4,
    memoryBytes: 8_000_000_000,
    kernel: 'Linux 6',
    architecture: 'x64',
    hostname: 'box',
  },
  delay: { packets: 1, demandedMs: 2, achievedMs: 3, worstMs: 4 },
  clock: null,
  model: null,
}
const attempt: Attempt = {
  attemptId: 1,
  runId: 'r',
  trialId: 't1',
  attempt: 2,
  trialKey: 'r.t1.2',
  startedAt: 1_700_000_000_000,
  state: { kind: 'completed', startedAt: 1, durationS: 2 },
  requestsTotal: 10,
  requestsDone: 10,
  lastSeq: 14,
  finished: null,
  summary: null,
  hosts: [host],
}

const input = (lab: string, hosts: AttemptHost[]): ManifestInput => ({
  run: {
    runId: 'r',
    name: 'n',
    lab,
    createdAt: 1_700_000_000_000,
    yaml: 'name: n',
    program: { version: '1.0', gitRevision: 'abc', nodeVersion: '20.0', platform: 'linux' },
  },
  state: 'finished',
  trials: [{ ...aTrial('t1', { link_delay: 'real' }), attempt: { ...attempt, hosts } }],
  files: { 'trials.csv': { rows: 1, bytes: 2, sha256: 'def' } },
  experiment: null,
  exportedAt: 1_700_000_060_000,
  exportedBy: { version: '2.0', gitRevision: 'later' },
})

it('says what ran, where, and what wrote it', () => {
  expect(manifest(input('local', [host]))).toEqual({
    format: 1,
    run_id: 'r',
    name: 'n',
    state: 'finished',
    lab: 'local',
    created_at: '2023-11-14T22:13:20.000Z',
    exported_at: '2023-11-14T22:14:20.000Z',
    program: {
      name: 'SkyMemory Console',
      version: '1.0',
      git_revision: 'abc',
      node: '20.0',
      platform: 'linux',
    },
    exported_by: { version: '2.0', git_revision: 'later' },
    experiment: null,
    experiment_yaml: 'name: n',
    clocks: {
      source: 'one clock: all hosts run on one machine',
      offsets_ms: { nuc1: 0 },
      uncertainties_ms: { nuc1: 0 },
    },
    hosts: [
      {
        host: 'nuc1',
        role: 'satellite',
        planes: [0],
        agent_version: '1.0',
        node: '20.1',
        cpu: 'i5',
        cores: 4,
        memory_bytes: 8_000_000_000,
        kernel: 'Linux 6',
        architecture: 'x64',
        hostname: 'box',
      },
    ],
    trials: [
      {
        trial_id: 't1',
        repeat: 1,
        seed: 7,
        factors: { strategy: 'rotation' },
        state: 'completed',
        attempt: 2,
        error: null,
        started_at: '2023-11-14T22:13:20.000Z',
        records: 14,
        model: null,
        link_delay: {
          mode: 'real',
          hosts: [{ host: 'nuc1', packets: 1, demanded_ms: 2, achieved_ms: 3, worst_lateness_ms: 4 }],
        },
      },
    ],
    files: { 'trials.csv': { rows: 1, bytes: 2, sha256: 'def' } },
  })
})

it('leaves open what was not measured', () => {
  const unknown = { ...host, hardware: null, delay: null }
  expect(manifest(input('rack', [unknown]))).toMatchObject({
    clocks: { source: 'not measured', offsets_ms: { nuc1: null }, uncertainties_ms: { nuc1: null } },
    hosts: [{ cpu: null, cores: null, memory_bytes: null, kernel: null }],
    trials: [{ link_delay: { hosts: [{ packets: null, demanded_ms: null, achieved_ms: null }] } }],
  })
})

it('says how far the clocks of hosts were off, and how far that may be wrong', () => {
  const measured = { ...host, clock: { offsetMs: -12.5, uncertaintyMs: 0.4 } }
  const other = { ...host, hostId: 'nuc2' }
  expect(manifest(input('rack', [measured, other]))).toMatchObject({
    clocks: {
      source: expect.stringContaining('as NTP') as string,
      offsets_ms: { nuc1: -12.5, nuc2: null },
      uncertainties_ms: { nuc1: 0.4, nuc2: null },
    },
  })
})
