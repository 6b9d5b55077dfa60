import type { CheckStatus, HostCheck, HostPair, PreflightReport } from '#shared/contract/provisioning-api'
import { errorTitle } from '../format/errors'
import type { Tone } from '../format/lab'

export interface CheckRow {
  readonly id: string
  readonly title: string
  /** What is needed, where all hosts need the same. */
  readonly needed: string
  /** By host. */
  readonly cells: ReadonlyMap<string, HostCheck>
}

/** Checks as rows, in the order in which the first host that has one had it. */
export function checkRows(report: PreflightReport): CheckRow[] {
  const rows = new Map<string, { title: string; needed: Set<string>; cells: Map<string, HostCheck> }>()
  for (const { host, checks } of report.hosts) {
    for (const check of checks) {
      const row = rows.get(check.id) ?? { title: check.title, needed: new Set(), cells: new Map() }
      row.cells.set(host, check)
      row.needed.add(check.needed)
      rows.set(check.id, row)
    }
  }
  return [...rows].map(([id, { title, needed, cells }]) => ({
    id,
    title,
    needed: needed.size === 1 ? [...needed][0]! : '',
    cells,
  }))
}

export interface Finding {
  readonly status: CheckStatus
  readonly where: string
  readonly title: string
  readonly found: string
  readonly needed: string
  readonly advice: string
}

/** Everything that is not well, the worst first. What is the same on several hosts stands once, with all of them. */
export function findings(report: PreflightReport): Finding[] {
  const found: Finding[] = []
  for (const { host, checks, error } of report.hosts) {
    if (error) {
      const { message, hint } = error
      const title = errorTitle(error.code)
      found.push({ status: 'failed', where: host, title, found: message, needed: '', advice: hint })
    }
    for (const check of checks) {
      if (check.status === 'failed' || check.status === 'warning') found.push({ where: host, ...check })
    }
  }
  for (const { from, to, status, problem } of report.pairs) {
    if (status !== 'failed' && status !== 'warning') continue
    const title = 'Between hosts'
    found.push({ status, where: `${from} → ${to}`, title, found: '', needed: '', advice: problem })
  }
  return together(found).sort((a, b) => rank(a.status) - rank(b.status))
}

function together(found: readonly Finding[]): Finding[] {
  const groups = new Map<string, { finding: Finding; places: string[] }>()
  for (const finding of found) {
    const { where, ...rest } = finding
    const key = JSON.stringify([rest.status, rest.title, rest.found, rest.needed, rest.advice])
    const group = groups.get(key)
    if (group) group.places.push(where)
    else groups.set(key, { finding, places: [where] })
  }
  return [...groups.values()].map(({ finding, places }) => ({ ...finding, where: places.join(', ') }))
}

function rank(status: CheckStatus): number {
  return ['failed', 'warning', 'ok', 'skipped'].indexOf(status)
}

export interface PreflightSum {
  readonly hostsDone: number
  readonly failed: number
  readonly warnings: number
}

/** Counts what is wrong on each host and between each pair on its own. */
export function preflightSum(report: PreflightReport): PreflightSum {
  const statuses = [
    ...report.hosts.flatMap(({ checks, error }): CheckStatus[] => [
      ...checks.map(({ status }) => status),
      ...(error ? (['failed'] as const) : []),
    ]),
    ...report.pairs.map(({ status }) => status),
  ]
  return {
    hostsDone: report.hosts.filter(({ state }) => state === 'done').length,
    failed: statuses.filter((status) => status === 'failed').length,
    warnings: statuses.filter((status) => status === 'warning').length,
  }
}

export function checkTone(status: CheckStatus): Tone {
  switch (status) {
    case 'ok':
      return 'ok'
    case 'warning':
      return 'warn'
    case 'failed':
      return 'bad'
    case 'skipped':
      return 'idle'
  }
}

/** Hosts from which, hosts to which, in the order of the report, and what was measured between them. */
export function pairMatrix({ hosts, pairs }: Pick<PreflightReport, 'hosts' | 'pairs'>): {
  from: string[]
  to: string[]
  at: (from: string, to: string) => HostPair | null
} {
  const names = hosts.map(({ host }) => host)
  const byEnds = new Map(pairs.map((pair) => [JSON.stringify([pair.from, pair.to]), pair]))
  return {
    from: names.filter((name) => pairs.some(({ from }) => from === name)),
    to: names.filter((name) => pairs.some(({ to }) => to === name)),
    at: (from, to) => byEnds.get(JSON.stringify([from, to])) ?? null,
  }
}
