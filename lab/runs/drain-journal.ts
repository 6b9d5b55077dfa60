import { SkyError } from '#shared/contract/errors'
import type { JournalEntry } from '#shared/experiment/records'
import type { InferenceClient } from '../hosts/lab-hosts'
import type { RecordStore } from '../store/record-store'
import type { Attempt } from '../store/run-store'
import { Recorder } from './recorder'
import type { StorageGate } from './storage-gate'

export interface DrainOptions {
  readonly inference: InferenceClient
  readonly attempt: Attempt
  readonly records: RecordStore
  readonly gate: StorageGate
}

/**
 * Store what the journal of an ended attempt still holds: records that the inference host had written, but this program
 * had not stored, when one of the two was killed.
 * @returns the entries that were stored now
 */
export async function drainJournal({
  inference,
  attempt,
  records,
  gate,
}: DrainOptions): Promise<JournalEntry[]> {
  const { trialKey, attemptId, lastSeq } = attempt
  const drained: JournalEntry[] = []
  const onStored = (entries: readonly JournalEntry[]): void => void drained.push(...entries)
  const recorder = new Recorder({ inference, trialKey, attemptId, lastSeq, records, gate, onStored })
  try {
    await recorder.subscribe()
    // Answers come in order: by the next one, everything that the journal holds has been sent.
    await inference.call('trialStatus', {})
  } catch (thrown) {
    // Everything was acknowledged, so that the journal is gone.
    if (!(thrown instanceof SkyError) || thrown.code !== 'not_found') throw thrown
  } finally {
    await recorder.stop()
  }
  return drained
}
