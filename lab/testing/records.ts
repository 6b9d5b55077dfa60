import type { MachineReading, PlannedTrial } from '#shared/contract/console-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import {
  emptyCounters,
  type EventRecord,
  type FinishedRecord,
  type JournalEntry,
  type RequestRecord,
  type SatelliteCounters,
} from '#shared/experiment/records'

/** Records for tests, valid as they stand; a test names only what it is about. */
export function aRequest(change: Partial<RequestRecord> = {}): RequestRecord {
  const requestId = change.requestId ?? 0
  return {
    kind: 'request',
    requestId,
    sessionId: Math.floor(requestId / 3),
    turn: requestId % 3,
    startedAt: 1_700_000_000_000 + requestId * 100,
    promptTokens: 800,
    outputTokens: 24,
    blocks: 6,
    blocksHit: 4,
    cachedTokens: 512,
    chunksFetched: 940,
    hopsHistogram: [0, 400, 540],
    lookupMs: 1.25,
    getMs: 12.5,
    setMs: 8,
    restoreMs: null,
    prefillMs: 150,
    ttftMs: 170.5,
    tpotMs: 10,
    e2eMs: 400.5,
    propagationMs: 4.5,
    bytesRead: 11_534_336,
    bytesWritten: 5_767_168,
    status: 'ok',
    errorCode: null,
    harmful: false,
    halfBlocksServed: 0,
    wrongBytesServed: 0,
    routes: [{ server: 0, steps: [{ slot: 9, plane: 2, propagationMs: 1.8 }] }],
    ...change,
  }
}

export function aReading(machine: string, at: number, change: Partial<MachineReading> = {}): MachineReading {
  return {
    machine,
    at,
    cpuLoad: 0.25,
    memoryUsedBytes: 4_294_967_296,
    temperatureC: 51.5,
    receivedBytesPerS: 1_000,
    sentBytesPerS: 2_000,
    gpuLoad: null,
    powerW: {},
    ...change,
  }
}

export function anEvent(change: Partial<EventRecord> = {}): EventRecord {
  return { kind: 'event', at: 1_700_000_000_000, name: 'trial_started', message: '', epoch: 0, ...change }
}

export function finishedRecord(change: Partial<FinishedRecord> = {}): FinishedRecord {
  return {
    kind: 'finished',
    at: 1_700_000_010_000,
    durationS: 10,
    outcome: 'completed',
    error: null,
    ...change,
  }
}

/** A journal: the first record has sequence number `first`. */
export function journal(records: readonly JournalEntry['record'][], first = 1): JournalEntry[] {
  return records.map((record, index) => ({ seq: first + index, record }))
}

export function aTrial(trialId = 't1', parameters: Partial<ParameterValues> = {}): PlannedTrial {
  return {
    trialId,
    repeat: 1,
    seed: 7,
    factors: { strategy: 'rotation' },
    parameters: { ...defaultParameters, ...parameters },
  }
}

export function counters(
  slot: number,
  plane: number,
  change: Partial<SatelliteCounters> = {},
): SatelliteCounters {
  return { ...emptyCounters({ slot, plane }), ...change }
}
