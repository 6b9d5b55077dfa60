import { emptyCounters, type EventRecord, type RequestRecord, type SatelliteCounters } from '../records'

/** Records for tests: a plain one, changed by what the test is about. */

export function aRequest(change: Partial<RequestRecord> = {}): RequestRecord {
  return {
    kind: 'request',
    requestId: 0,
    sessionId: 0,
    turn: 0,
    startedAt: 1_700_000_000_000,
    promptTokens: 800,
    outputTokens: 24,
    blocks: 6,
    blocksHit: 0,
    cachedTokens: 0,
    chunksFetched: 0,
    hopsHistogram: [],
    lookupMs: null,
    getMs: null,
    setMs: null,
    restoreMs: null,
    prefillMs: 400,
    ttftMs: 410,
    tpotMs: 10,
    e2eMs: 640,
    propagationMs: null,
    bytesRead: 0,
    bytesWritten: 0,
    status: 'ok',
    errorCode: null,
    harmful: false,
    halfBlocksServed: 0,
    wrongBytesServed: 0,
    routes: [],
    ...change,
  }
}

export function aSatellite(change: Partial<SatelliteCounters> = {}): SatelliteCounters {
  return { ...emptyCounters({ slot: 0, plane: 0 }), ...change }
}

export function anEvent(change: Partial<EventRecord> = {}): EventRecord {
  return { kind: 'event', at: 1_700_000_000_000, name: 'trial_started', message: '', epoch: 0, ...change }
}
