import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import type { LabPlan, PreflightReport, ProvisioningState } from '#shared/contract/provisioning-api'
import { preflightCsv } from '#shared/preflight/preflight-csv'
import { preflightCounts } from '#shared/preflight/preflight-verdict'
import type { CommandContext } from '../context'
import { answer } from '../hosts/answer'
import { connectFirst, interruptSignal, withHosts, type LabCommand } from '../hosts/lab-client'
import { printPlan, printReport, printState } from '../hosts/provisioning-output'
import { progressOf } from '../hosts/provisioning-progress'

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
    const progress = progressOf(terminal)
    const stop = client.on('provisioningChanged', (changed) => progress.show(changed))
    const state = await answered(command, (some) =>
      client.call(action, { lab, hosts: some ?? hosts }, interruptSignal()),
    ).finally(() => {
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

/**
 * Do something on hosts; what some of them need that somebody can give (to accept a key, a password, one for sudo) is asked for, and they
 * are tried again.
 * @param work on all hosts, or on these
 * @returns the last state of every host
 */
async function answered(
  { answers }: LabCommand,
  work: (hosts: string[] | null) => Promise<ProvisioningState>,
): Promise<ProvisioningState> {
  let state = await work(null)
  for (;;) {
    const again: string[] = []
    for (const { host, error } of state.hosts) {
      if (error && (await answer(answers, error))) again.push(host)
    }
    if (again.length === 0) return state
    const { hosts, finishedAt } = await work(again)
    const anew = new Map(hosts.map((each) => [each.host, each]))
    state = { ...state, finishedAt, hosts: state.hosts.map((each) => anew.get(each.host) ?? each) }
  }
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
