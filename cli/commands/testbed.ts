import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { createLoopback, endLoopback, loopbackStatus } from '#lab/testbed/loopback'
import { claimOf } from '#lab/testbed/registry'
import { testbedMissing } from '#lab/testbed/requirements'
import { readState, type TestbedState } from '#lab/testbed/state'
import { tearDown } from '#lab/testbed/tear-down'
import { createTestbed, findTestbed, Testbed, type HostStatus } from '#lab/testbed/testbed'
import {
  checkPrefix,
  defaultDirectory,
  defaultHosts,
  defaultNetwork,
  defaultPrefix,
  mostHosts,
  sudoKinds,
} from '#lab/testbed/testbed-plan'
import type { CommandContext } from '../context'
import { table } from '../output/table'
import { wholeNumber } from './options'

interface Where {
  prefix: string
  directory?: string
  json: boolean
}

interface UpOptions extends Where {
  hosts: number
  network: string
  loopback: boolean
  systemd: boolean
  sudo: (typeof sudoKinds)[number]
}

/** What a testbed is in a command's output. The password stays in the state file. */
interface Shown {
  readonly kind: TestbedState['kind']
  readonly directory: string
  readonly user: string
  readonly keyFile: string
  readonly inventoryFile: string
  readonly hosts: readonly HostStatus[]
}

export function testbedCommand(program: Command, context: () => CommandContext): void {
  const testbed = program
    .command('testbed')
    .summary('make SSH hosts on this machine, to try things without hardware')
    .description(
      'Hosts nuc1 to nuc5 and a jetson on this machine, each with files, users, processes, a network address and an ' +
        'OpenSSH server of its own. Made of Linux namespaces, as root; without root, OpenSSH servers on loopback ports.',
    )

  place(testbed.command('up'))
    .description('Make a testbed. One that runs is left as it is; hosts of it that are off are switched on.')
    .option('--hosts <n>', 'hosts, the last one is the jetson', wholeNumber(1, mostHosts), defaultHosts)
    .option('--network <a.b.c.0/24>', 'network of the hosts', defaultNetwork)
    .addOption(
      new Option('--sudo <kind>', 'what the user may do').choices([...sudoKinds]).default('passwordless'),
    )
    .option('--systemd', 'hosts with systemd as their first process', false)
    .option('--loopback', 'without namespaces: OpenSSH servers of this user on loopback ports', false)
    .addHelpText(
      'after',
      `
Examples:
  sudo skymemory testbed up
  sudo skymemory testbed up --hosts 3 --prefix second --network 10.78.0.0/24
  sudo skymemory testbed up --systemd --sudo password
  skymemory testbed up --loopback`,
    )
    .action((options: UpOptions) => up(context(), options))

  place(testbed.command('status'))
    .description('Say which hosts of a testbed run. The exit code is 1 when one does not.')
    .addHelpText(
      'after',
      '\nExamples:\n  sudo skymemory testbed status\n  sudo skymemory testbed status --json',
    )
    .action((options: Where) => status(context(), options))

  place(testbed.command('down'))
    .description('End a testbed: its processes, namespaces, interfaces, mounts and files.')
    .addHelpText(
      'after',
      '\nExamples:\n  sudo skymemory testbed down\n  sudo skymemory testbed down --prefix second',
    )
    .action((options: Where) => down(context(), options))
}

function place(command: Command): Command {
  return command
    .option('--prefix <name>', 'tells testbeds apart that run beside each other', defaultPrefix)
    .option(
      '--directory <dir>',
      `where its files lie (default: ${defaultDirectory('<prefix>')}; on loopback testbed/ in the data directory)`,
    )
    .option('--json', 'print JSON', false)
}

async function up(context: CommandContext, options: UpOptions): Promise<void> {
  if (options.loopback) return upLoopback(context, options)
  const { hosts, prefix, network, directory, systemd, sudo, json } = options
  checkPrefix(prefix)
  const missing = testbedMissing()
  if (missing) throw missing
  const present = await findTestbed(prefix, directory)
  if (present?.state.complete) {
    const repaired = await present.repair()
    context.terminal.err(
      repaired.length === 0
        ? 'It runs already.'
        : `It exists already; these hosts were brought back: ${repaired.join(', ')}.`,
    )
    return show(context, await shownTestbed(present), json)
  }
  const made = await createTestbed({
    hosts,
    prefix,
    network,
    host: { systemd, sudo },
    ...(directory === undefined ? {} : { directory }),
  })
  show(context, await shownTestbed(made), json)
}

async function upLoopback(context: CommandContext, { hosts, directory, json }: UpOptions): Promise<void> {
  const folder = directory ?? loopbackDirectory(context)
  const present = await readState(folder)
  if (present?.kind === 'loopback') {
    const hostsNow = await loopbackStatus(present)
    if (hostsNow.every(({ state }) => state === 'running')) {
      context.terminal.err('It runs already.')
      return show(context, { ...present, hosts: hostsNow }, json)
    }
    await endLoopback(present)
  }
  const made = await createLoopback(folder, hosts)
  context.terminal.err(
    'These hosts share one machine: user, processes, network and every file outside HOME, which is a folder of its own for each.',
  )
  show(context, { ...made, hosts: await loopbackStatus(made) }, json)
}

async function status(context: CommandContext, where: Where): Promise<void> {
  const state = await find(context, where)
  if (!state) throw notFound(where)
  const shown = await shownState(state)
  show(context, shown, where.json)
  const broken = shown.hosts.filter((host) => host.state !== 'running')
  if (broken.length === 0) return
  const names = broken.map(({ name }) => name).join(', ')
  throw new SkyError(
    'host_down',
    `Not every host of the testbed runs: ${names}`,
    'skymemory testbed up brings them back.',
  )
}

async function down(context: CommandContext, where: Where): Promise<void> {
  const state = await find(context, where)
  if (state?.kind === 'loopback') await endLoopback(state)
  else {
    const missing = testbedMissing()
    if (missing && state) throw missing
    // What a broken attempt left has no state file; it is taken away all the same.
    if (!missing)
      await tearDown(where.prefix, state?.directory ?? where.directory ?? defaultDirectory(where.prefix))
  }
  if (where.json) context.terminal.out(JSON.stringify({ removed: state !== null }))
  else context.terminal.out(state ? `The testbed in ${state.directory} is gone.` : 'There is no testbed.')
}

async function find(context: CommandContext, { prefix, directory }: Where): Promise<TestbedState | null> {
  checkPrefix(prefix)
  if (directory !== undefined) return readState(directory)
  const claimed = (await claimOf(prefix))?.directory
  return (
    (await readState(claimed ?? defaultDirectory(prefix))) ?? (await readState(loopbackDirectory(context)))
  )
}

const loopbackDirectory = ({ data }: CommandContext): string => join(data, 'testbed')

async function shownState(state: TestbedState): Promise<Shown> {
  if (state.kind === 'loopback') return { ...state, hosts: await loopbackStatus(state) }
  const missing = testbedMissing()
  if (missing) throw missing
  return shownTestbed(new Testbed(state))
}

async function shownTestbed(testbed: Testbed): Promise<Shown> {
  return { ...testbed.state, hosts: await testbed.status() }
}

function show({ terminal }: CommandContext, shown: Shown, json: boolean): void {
  const { kind, directory, user, keyFile, inventoryFile, hosts } = shown
  if (json) {
    terminal.out(JSON.stringify({ kind, directory, user, keyFile, inventoryFile, hosts }))
    return
  }
  terminal.out(
    table(
      ['host', 'address', 'port', 'state'],
      hosts.map(({ name, address, port, state }) => [name, address, port, state.replace('_', ' ')]),
    ),
  )
  const password = kind === 'namespaces' ? `; the password is in ${join(directory, 'state.json')}` : ''
  terminal.out(`User ${user}, key ${keyFile}${password}.`)
  const first = hosts[0]
  const port = first && first.port !== 22 ? `-p ${first.port} ` : ''
  terminal.out(
    [
      'Next:',
      `  skymemory lab import ${inventoryFile}`,
      '  skymemory lab preflight testbed',
      `  ssh -i ${keyFile} ${port}${user}@${first?.address}`,
    ].join('\n'),
  )
}

function notFound({ prefix }: Where): SkyError {
  return new SkyError(
    'not_found',
    `There is no testbed with the prefix ${prefix}`,
    'Make it: sudo skymemory testbed up',
  )
}
