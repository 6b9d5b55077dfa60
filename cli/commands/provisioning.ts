import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { MultiBar } from 'cli-progress'
import { SkyError } from '#shared/contract/errors'
import type {
  HostProgress,
  LabPlan,
  PreflightReport,
  ProvisioningState,
} from '#shared/contract/provisioning-api'
import { preflightCsv } from '#shared/preflight/preflight-csv'
import { preflightCounts } from '#shared/preflight/preflight-verdict'
import type { CommandContext } from '../context'
import { answer } from '../hosts/answer'
import { connectFirst, interruptSignal, withHosts, type LabCommand } from '../hosts/lab-client'
import { table } from '../output/table'
import type { Terminal } from '../output/terminal'

interface HostsOptions {
  hosts?: string
  json: boolean
}

type Action = 'apply' | 'rollback' | 'removeInstallation'

/** Looking at the hosts of a lab, deploying agents on them, and taking them away again. */
export function provisioningCommands(lab: Command, context: () => CommandContext): void {
  lab
    .command('preflight <lab>')
    .description(
      'Look whether the hosts of a lab are fit; nothing is changed on them. The exit code is 1 when something failed.',
    )
    .option('--csv <file>', 'write what was found to a file')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory lab preflight testbed --csv preflight.csv')
    .action((name: string, { csv, json }: { csv?: string; json: boolean }) =>
      withHosts(context(), async (command) => {
        await connectWhatCan(command, name)
        const report = await command.client.call('preflight', { lab: name }, interruptSignal())
        if (csv !== undefined) await writeFile(csv, preflightCsv(report))
        if (json) context().terminal.out(JSON.stringify(report))
        else printReport(context().terminal, report)
        requireFit(name, report)
      }),
    )

  hostsOf(lab.command('plan <lab>'))
    .description(
      'Say what apply would change on each host, step by step, with the bytes to send. Nothing is changed.',
    )
    .addHelpText('after', '\nExamples:\n  skymemory lab plan testbed')
    .action((name: string, { hosts, json }: HostsOptions) =>
      withHosts(context(), async (command) => {
        const plan = await planned(command, name, chosen(hosts))
        if (json) context().terminal.out(JSON.stringify(plan))
        else printPlan(context().terminal, plan)
        const failed = plan.hosts.find(({ error }) => error !== null)
        if (failed?.error) throw failedOn('The plan', [failed.host], failed.error)
      }),
    )

  hostsOf(lab.command('apply <lab>'))
    .description('Deploy the agents on the hosts of a lab. What is there already is left as it is.')
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab apply testbed\n  skymemory lab apply testbed --hosts nuc2,nuc3',
    )
    .action((name: string, options: HostsOptions) => provision(context(), name, options, 'apply'))

  hostsOf(lab.command('rollback <lab>'))
    .description('Go back to the version that was installed before.')
    .addHelpText('after', '\nExamples:\n  skymemory lab rollback testbed')
    .action((name: string, options: HostsOptions) => provision(context(), name, options, 'rollback'))

  hostsOf(lab.command('remove <lab>'))
    .description(
      'Take the agents away from the hosts: no file, process, unit or account stays. Asks for the name of the lab.',
    )
    .option('--yes', 'do not ask', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab remove testbed\n  skymemory lab remove testbed --hosts nuc2 --yes',
    )
    .action(async (name: string, { yes, ...options }: HostsOptions & { yes: boolean }) => {
      await provision(context(), name, options, 'removeInstallation', yes)
    })
}

function hostsOf(command: Command): Command {
  return command
    .option('--hosts <names>', 'only these hosts, separated by commas')
    .option('--json', 'print JSON', false)
}

function chosen(hosts: string | undefined): string[] | null {
  return hosts === undefined ? null : hosts.split(',').map((each) => each.trim())
}

async function provision(
  context: CommandContext,
  lab: string,
  options: HostsOptions,
  action: Action,
  isSure = true,
): Promise<void> {
  const { terminal } = context
  const hosts = chosen(options.hosts)
  await withHosts(context, async (command) => {
    const { client, answers } = command
    if (!isSure) {
      const typed = await answers.prompts?.shown(
        `This removes the agents of ${lab}. Type the name of the lab:`,
      )
      if (typed !== lab) {
        throw new SkyError('cancelled', 'Nothing was removed', 'Type the name of the lab, or use --yes.')
      }
    }
    // What connections and sudo need is asked for before anything is changed.
    await planned(command, lab, hosts)
    const progress = progressOf(terminal)
    const stop = client.on('provisioningChanged', (state) => progress.show(state))
    const state = await client.call(action, { lab, hosts }, interruptSignal()).finally(() => {
      stop()
      progress.stop()
    })
    if (options.json) terminal.out(JSON.stringify(state))
    else printState(terminal, state)
    const failed = state.hosts.filter(({ error }) => error !== null)
    const [first] = failed
    if (first?.error)
      throw failedOn(
        titles[action],
        failed.map(({ host }) => host),
        first.error,
      )
  })
}

const titles: Readonly<Record<Action, string>> = {
  apply: 'Applying',
  rollback: 'The rollback',
  removeInstallation: 'Removing',
}

/** A plan in which nothing is missing that somebody could give. */
async function planned(
  { client, answers }: LabCommand,
  lab: string,
  hosts: string[] | null,
): Promise<LabPlan> {
  for (;;) {
    const plan = await client.call('plan', { lab, hosts }, interruptSignal())
    let isAnswered = false
    for (const { error } of plan.hosts) {
      if (error && (await answer(answers, error))) isAnswered = true
    }
    if (!isAnswered) return plan
  }
}

/** Hosts that cannot be reached are a part of the report. */
async function connectWhatCan(command: LabCommand, lab: string): Promise<void> {
  const inventory = await command.client.call('inventory', { lab })
  for (const { name } of inventory.hosts) {
    await connectFirst(command, inventory, [name]).catch(() => undefined)
  }
}

function printReport(terminal: Terminal, { hosts, pairs }: PreflightReport): void {
  const rows = hosts.flatMap(({ host, checks }) =>
    checks.map(({ title, status, found, needed, advice }) => [host, title, status, found, needed, advice]),
  )
  terminal.out(table(['host', 'check', 'status', 'found', 'needed', 'what to do'], rows))
  const ways = pairs.map(({ from, to, status, roundTripMs, throughputMbS, problem }) => [
    from,
    to,
    status,
    roundTripMs === null ? null : roundTripMs.toFixed(2),
    throughputMbS === null ? null : throughputMbS.toFixed(0),
    problem,
  ])
  if (ways.length > 0)
    terminal.out(table(['from', 'to', 'status', 'round trip ms', 'Mbit/s', 'what to do'], ways))
}

function requireFit(lab: string, report: PreflightReport): void {
  const { failed, warning } = preflightCounts(report)
  if (failed === 0) return
  const warnings = warning === 0 ? '' : `, ${warning} warnings`
  throw new SkyError(
    'provisioning_failed',
    `${failed} checks of the lab ${lab} failed${warnings}`,
    'Do what the table says.',
  )
}

function printPlan(terminal: Terminal, { version, hosts }: LabPlan): void {
  terminal.out(`To be deployed: ${version}`)
  const rows = hosts.flatMap(({ host, steps, error }) =>
    error
      ? [[host, 'error', error.message, null, null]]
      : steps.map(({ title, action, detail, bytes }) => [
          host,
          action,
          title,
          detail,
          bytes === 0 ? null : megabytes(bytes),
        ]),
  )
  terminal.out(table(['host', 'change', 'step', 'what', 'MB to send'], rows))
  const changes = hosts.flatMap(({ steps }) => steps).filter(({ action }) => action !== 'none').length
  terminal.out(changes === 0 ? 'Nothing would be changed.' : `${changes} steps would change something.`)
}

function printState(terminal: Terminal, { hosts }: ProvisioningState): void {
  const rows = hosts.map(({ host, state, step, changed, bytesDone, error }) => [
    host,
    state,
    error?.message ?? (changed ? step : `${step}: nothing was to be changed`),
    bytesDone === 0 ? null : megabytes(bytesDone),
  ])
  terminal.out(table(['host', 'state', 'last step', 'MB sent'], rows))
}

function failedOn(
  what: string,
  hosts: readonly string[],
  error: { code: SkyError['code']; message: string; hint: string; details: Record<string, unknown> },
): SkyError {
  const others = hosts.length > 1 ? ` and ${hosts.length - 1} more` : ''
  return new SkyError(
    error.code,
    `${what} failed on ${hosts[0] ?? ''}${others}: ${error.message}`,
    error.hint,
    error.details,
  )
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

interface ProvisioningProgress {
  show(state: ProvisioningState): void
  stop(): void
}

/** A bar a host and one for all on a terminal; elsewhere a line for every step. */
function progressOf(terminal: Terminal): ProvisioningProgress {
  return terminal.isInteractive ? bars() : lines(terminal)
}

const fraction = ({ stepsDone, steps, bytesDone, bytes }: HostProgress): number =>
  bytes > 0 ? (bytesDone / bytes + stepsDone / Math.max(1, steps)) / 2 : stepsDone / Math.max(1, steps)

function bars(): ProvisioningProgress {
  const multi = new MultiBar({
    format: '{name} {bar} {percentage}% | {step}',
    hideCursor: true,
    stream: process.stderr,
  })
  const drawn = new Map<string, ReturnType<MultiBar['create']>>()
  const bar = (name: string) => {
    const found = drawn.get(name) ?? multi.create(100, 0, { name: name.padEnd(12), step: '' })
    drawn.set(name, found)
    return found
  }
  return {
    show: ({ hosts }) => {
      for (const host of hosts) {
        const share = host.state === 'done' ? 1 : fraction(host)
        bar(host.host).update(Math.round(share * 100), {
          step: host.error?.message.slice(0, 60) ?? host.step,
        })
      }
      const all = hosts.reduce((sum, host) => sum + (host.state === 'done' ? 1 : fraction(host)), 0)
      bar('all').update(Math.round((all / Math.max(1, hosts.length)) * 100), { step: '' })
    },
    stop: () => multi.stop(),
  }
}

function lines(terminal: Terminal): ProvisioningProgress {
  const told = new Map<string, string>()
  return {
    show: ({ hosts }) => {
      for (const { host, state, step, stepsDone, steps } of hosts) {
        const text = state === 'waiting' ? '' : `${host}: ${step} (${stepsDone}/${steps})`
        if (text === '' || told.get(host) === text) continue
        told.set(host, text)
        terminal.err(text)
      }
    },
    stop: () => undefined,
  }
}
