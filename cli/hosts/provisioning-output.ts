import { z } from 'zod'
import type { LabPlan, PreflightReport, ProvisioningState } from '#shared/contract/provisioning-api'
import { printable } from '#shared/text/printable'
import { table } from '../output/table'
import type { Terminal } from '../output/terminal'

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

export function printReport(terminal: Terminal, { hosts, pairs }: PreflightReport): void {
  const rows = hosts.flatMap(({ host, checks }) =>
    checks.map(({ title, status, found, needed, advice }) => [host, title, status, found, needed, advice]),
  )
  terminal.out(table(['host', 'check', 'status', 'found', 'needed', 'what to do'], rows))
  const ways = pairs.map(({ from, to, status, roundTripMs, throughputMbitS, problem }) => [
    from,
    to,
    status,
    roundTripMs === null ? null : roundTripMs.toFixed(2),
    throughputMbitS === null ? null : throughputMbitS.toFixed(0),
    problem,
  ])
  if (ways.length > 0)
    terminal.out(table(['from', 'to', 'status', 'round trip ms', 'Mbit/s', 'what to do'], ways))
}

export function printPlan(terminal: Terminal, { version, hosts }: LabPlan): void {
  terminal.out(`To be deployed: ${version}`)
  const rows = hosts.flatMap(({ host, steps, error }) =>
    error
      ? [[host, 'error', printable(error.message), null, null]]
      : steps.map(({ title, action, detail, bytes }) => [
          host,
          action,
          title,
          printable(detail),
          bytes === 0 ? null : megabytes(bytes),
        ]),
  )
  terminal.out(table(['host', 'change', 'step', 'what', 'MB to send'], rows))
  const changes = hosts.flatMap(({ steps }) => steps).filter(({ action }) => action !== 'none').length
  terminal.out(changes === 0 ? 'Nothing would be changed.' : `${changes} steps would change something.`)
}

/** What became of each host, and what agents said last that did not start. */
export function printState(terminal: Terminal, { hosts }: ProvisioningState): void {
  const rows = hosts.map(({ host, state, step, changed, bytesDone, error }) => [
    host,
    state,
    printable(error?.message ?? (changed ? step : `${step}: nothing was to be changed`)),
    bytesDone === 0 ? null : megabytes(bytesDone),
  ])
  terminal.out(table(['host', 'state', 'last step', 'MB sent'], rows))
  for (const { host, error } of hosts) {
    const said = lastWords.safeParse(error?.details)
    if (!said.success || said.data.lastLines.length === 0) continue
    terminal.err(`The last lines of the agent's log on ${host}:`)
    for (const line of said.data.lastLines) terminal.err(`  ${printable(line)}`)
  }
}

const lastWords = z.object({ lastLines: z.array(z.string()) })
