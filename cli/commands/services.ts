import { Argument, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { mostLogLines, serviceActions, type ServiceState } from '#shared/contract/host-api'
import { printable } from '#shared/text/printable'
import type { CommandContext } from '../context'
import { answering } from '../hosts/answer'
import { followLog } from '../hosts/follow-log'
import { withHosts } from '../hosts/lab-client'
import { table } from '../output/table'
import { wholeNumber } from './options'

type Action = (typeof serviceActions)[number] | 'status'

interface LogOptions {
  follow: boolean
  lines: number
}

/** The service of the agent on one host: its state, its log, and starting and stopping it. */
export function serviceCommands(lab: Command, context: () => CommandContext): void {
  lab
    .command('service')
    .argument('<lab>')
    .argument('<host>')
    .addArgument(new Argument('<action>', 'what to do').choices([...serviceActions, 'status']))
    .description('Start, stop or restart the agent that is installed on a host, or say how it is.')
    .option('--force', 'also while another console uses the lab', false)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab service testbed nuc3 status\n  skymemory lab service testbed nuc3 restart',
    )
    .action(
      (name: string, host: string, action: Action, { force, json }: { force: boolean; json: boolean }) =>
        withHosts(context(), async ({ client, answers }) => {
          const state = await answering(answers, () =>
            action === 'status'
              ? client.call('serviceState', { lab: name, host })
              : client.call('controlService', { lab: name, host, action, force }),
          )
          if (json) context().terminal.out(JSON.stringify(state))
          else context().terminal.out(serviceTable(host, state))
          requireDone(name, host, action, state)
        }),
    )

  lab
    .command('log <lab> <host>')
    .description(
      'Print the log of the agent that is installed on a host. To follow it beside other commands, keep the lab in the background: lab up LAB.',
    )
    .option('-f, --follow', 'go on with what is added, until Ctrl+C', false)
    .option(
      '--lines <n>',
      'how many of the newest lines; with --follow always 200',
      wholeNumber(1, mostLogLines),
      200,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab log testbed nuc3\n  skymemory lab log testbed nuc3 --follow',
    )
    .action((name: string, host: string, { follow, lines }: LogOptions) =>
      withHosts(context(), async (command) => {
        const { terminal } = context()
        if (follow) return followLog(command, terminal, { lab: name, host })
        const read = await answering(command.answers, () =>
          command.client.call('readServiceLog', { lab: name, host, lines }),
        )
        for (const line of read.lines) terminal.out(printable(line))
        if (read.lines.length === 0) terminal.err(`The log of ${host} is empty, or may not be read.`)
      }),
    )
}

function serviceTable(host: string, state: ServiceState): string {
  const head = ['host', 'state', 'service', 'version', 'before', 'Node', 'process', 'folder']
  const { service, installedVersion, previousVersion, nodeVersion, pid, directory } = state
  return table(head, [
    [
      host,
      state.state.replace('_', ' '),
      service,
      installedVersion,
      previousVersion,
      nodeVersion,
      pid,
      directory === '' ? null : printable(directory),
    ],
  ])
}

/** Systemd counts a service as started before it is known whether it stays up. */
function requireDone(lab: string, host: string, action: Action, { state }: ServiceState): void {
  const isDone = action === 'status' || state === (action === 'stop' ? 'stopped' : 'running')
  if (isDone) return
  throw new SkyError(
    'provisioning_failed',
    `The agent of ${host} was told to ${action}, and is ${state}`,
    `Its last words: skymemory lab log ${lab} ${host}`,
    { lab, host },
  )
}
