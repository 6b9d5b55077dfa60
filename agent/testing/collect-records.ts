import type { inferenceControl } from '#shared/contract/agent-control'
import type { Client } from '#shared/contract/rpc'
import type { FinishedRecord, JournalEntry, RequestRecord } from '#shared/experiment/records'

export interface CollectedTrial {
  readonly entries: JournalEntry[]
  readonly requests: RequestRecord[]
  readonly finished: FinishedRecord
}

/** Subscribes to a trial's records, from the beginning or after one of them, and resolves with all of them once the trial is over. */
export async function collectTrial(
  control: Client<typeof inferenceControl>,
  trialKey: string,
  onEntry: (entry: JournalEntry) => void = () => undefined,
  afterSeq = 0,
): Promise<CollectedTrial> {
  const entries: JournalEntry[] = []
  const finished = new Promise<FinishedRecord>((resolve) => {
    const off = control.on('records', (batch) => {
      if (batch.trialKey !== trialKey) return
      for (const entry of batch.entries) {
        entries.push(entry)
        onEntry(entry)
        if (entry.record.kind === 'finished') {
          off()
          resolve(entry.record)
        }
      }
    })
  })
  await control.call('subscribeRecords', { trialKey, afterSeq })
  const end = await finished
  const requests = entries.flatMap((entry) => (entry.record.kind === 'request' ? [entry.record] : []))
  return { entries, requests, finished: end }
}
