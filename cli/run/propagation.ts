import type { ConsoleApi, RunDetail } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import { measured, quantile } from '#shared/stats/quantile'
import type { PropagationByTrial } from '../output/summary-table'

const pageSize = 5_000
/** Requests of one trial that are looked at; a median does not need more. */
const mostRequests = 50_000

/** The median light time of each trial's fetches, ms. */
export async function propagationByTrial(
  client: Client<ConsoleApi>,
  run: RunDetail,
): Promise<PropagationByTrial> {
  const medians = new Map<string, number | null>()
  for (const { trialId } of run.trials) {
    const values: (number | null)[] = []
    for (let offset = 0; offset < mostRequests; offset += pageSize) {
      const { rows, total } = await client.call('requests', {
        runId: run.runId,
        trialId,
        offset,
        limit: pageSize,
      })
      values.push(...rows.filter((row) => row.status === 'ok').map((row) => row.propagationMs))
      if (offset + pageSize >= total) break
    }
    medians.set(trialId, quantile(measured(values), 0.5))
  }
  return medians
}
