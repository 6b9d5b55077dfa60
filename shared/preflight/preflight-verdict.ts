import type { CheckStatus, PreflightReport } from '../contract/provisioning-api'

export type PreflightCounts = Readonly<Record<CheckStatus, number>>

/** How many checks and pairs are well, and how many are not. A host that could not be checked is one failed check at least. */
export function preflightCounts({ hosts, pairs }: PreflightReport): PreflightCounts {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 }
  for (const { checks, error } of hosts) {
    for (const { status } of checks) counts[status] += 1
    if (error !== null && !checks.some(({ status }) => status === 'failed')) counts.failed += 1
  }
  for (const { status } of pairs) counts[status] += 1
  return counts
}
