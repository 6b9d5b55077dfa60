import type { Command } from 'commander'
import type { ConsoleApi, LabHost, LabState } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { defaultParameters } from '#shared/experiment/parameters'
import type { Inventory } from '#shared/inventory/inventory'
import { sshForwardCommand } from '#shared/inventory/ssh-forward'
import type { CommandContext } from '../context'
import { answering, answersOf } from '../hosts/answer'
import { connectToDaemon, startDaemon } from '../daemon/daemon-client'
import { table } from '../output/table'
import { inventoryCommands } from './inventories'
import { wholeNumber } from './options'
import { provisioningCommands } from './provisioning'
import { runtimeCommands } from './runtimes'
import { serviceCommands } from './services'

interface UpOptions {
  slots: number
  planes: number
  json: boolean
}

export function labCommand(program: Command, context: () => CommandContext): void {
  const lab = program
    .command('lab')
    .summary('start, look at and stop a lab')
    .description(
      'The local lab (a process for every plane of satellites, and one inference host, on this machine), or the hosts of an inventory.',
    )

  lab
    .command('up')
    .argument('[lab]', 'local, or the name of an inventory whose agents are installed', 'local')
    .description(
      'Start the local lab in the background, or connect to the agents of an inventory; later commands use it. An active one is left as it is.',
    )
    .option('--slots <n>', 'satellites in one plane', wholeNumber(1), defaultParameters.slots)
    .option('--planes <n>', 'orbital planes', wholeNumber(1), defaultParameters.planes)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory lab up\n  skymemory lab up --slots 22 --planes 8\n  skymemory lab up testbed',
    )
    .action(async (name: string, { slots, planes, json }: UpOptions) => {
      const { data, installation } = context()
      const present = await connectToDaemon(data)
      if (!present) await startDaemon({ cliEntry: installation.cliEntry, dataDirectory: data })
      const daemon = present ?? (await connectToDaemon(data))
      if (!daemon)
        throw new SkyError('lab_start_failed', 'The lab in the background ended at once', `See ${data}.`)
      try {
        const client = daemon.client as unknown as Client<ConsoleApi>
        const start = () => client.call('startLab', { lab: name, slots, planes })
        printState(context(), await answering(answersOf(context(), client), start), json)
      } catch (thrown) {
        // What did not start is not left behind.
        if (!present) await daemon.client.call('shutdown', {}).then(() => daemon.closed)
        throw thrown
      } finally {
        daemon.close()
      }
    })

  inventoryCommands(lab, context)
  provisioningCommands(lab, context)
  runtimeCommands(lab, context)
  serviceCommands(lab, context)

  lab
    .command('status')
    .description('Say which lab runs in the background, and how its hosts are.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory lab status\n  skymemory lab status --json')
    .action(async ({ json }: { json: boolean }) => {
      const daemon = await connectToDaemon(context().data)
      if (!daemon) return printState(context(), { kind: 'stopped' }, json)
      try {
        const state = await daemon.client.call('labState', {})
        const isFar = state.kind === 'running' && state.name !== 'local'
        const inventory = isFar
          ? await daemon.client.call('inventory', { lab: state.name }).catch(() => null)
          : null
        printState(context(), state, json, inventory)
      } finally {
        daemon.close()
      }
    })

  lab
    .command('down')
    .description('Stop the lab in the background. Agents on the hosts of an inventory run on.')
    .option('--force', 'also while a run is active; it is interrupted and can be resumed', false)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory lab down\n  skymemory lab down --force')
    .action(async ({ force, json }: { force: boolean; json: boolean }) => {
      const daemon = await connectToDaemon(context().data)
      if (daemon) {
        try {
          const runs = await daemon.client.call('runs', {})
          const active = runs.find(({ state }) => ['queued', 'running', 'paused'].includes(state.kind))
          if (active && !force) {
            const message = `Run ${active.runId} is ${active.state.kind} in this lab`
            throw new SkyError('conflict', message, 'Let it end, or use --force: it can be resumed later.')
          }
          await daemon.client.call('shutdown', {})
          await daemon.closed
        } finally {
          daemon.close()
        }
      }
      printState(context(), { kind: 'stopped' }, json)
    })
}

function printState(
  { terminal }: CommandContext,
  state: LabState,
  json: boolean,
  inventory: Inventory | null = null,
): void {
  if (json) return terminal.out(JSON.stringify(state))
  if (state.kind === 'running') {
    terminal.out(`The lab ${state.name} runs: ${state.slots} slots, ${state.planes} planes.`)
  } else {
    terminal.out(`The lab ${'name' in state ? `${state.name} ` : ''}is ${state.kind}.`)
  }
  if (state.kind === 'stopped') return
  const head = ['host', 'role', 'planes', 'state', 'process', 'memory MB', 'peers']
  terminal.out(table(head, state.hosts.map(hostRow)))
  if (state.kind !== 'running' || !state.apiUrl) return
  const host = state.hosts.find(({ role }) => role === 'inference')?.hostId ?? ''
  const forward = inventory && sshForwardCommand(inventory, host, Number(new URL(state.apiUrl).port))
  terminal.out(`OpenAI-compatible API: ${state.apiUrl}${inventory ? `, on ${host} itself` : ''}`)
  if (forward) terminal.out(`From this computer, while this runs: ${forward}`)
}

function stateText(state: LabHost['state']): string {
  switch (state.kind) {
    case 'stopped_by_hand':
      return `stopped by ${state.by ?? 'hand'}`
    case 'removed':
      return state.by === null ? state.kind : `removed by ${state.by}`
    case 'restarting':
      return state.isUpdate ? 'being updated' : state.kind
    case 'starting':
    case 'healthy':
    case 'unreachable':
    case 'crashed':
    case 'stopped':
      return state.kind
  }
}

function hostRow({ hostId, role, planes, state }: LabHost): (string | number | null)[] {
  const healthy = state.kind === 'healthy' ? state : null
  return [
    hostId,
    role,
    planes.length === 0 ? null : planes.join(' '),
    stateText(state),
    healthy?.pid ?? null,
    healthy ? Math.round(healthy.rssBytes / 1e6) : null,
    healthy ? `${healthy.peersConnected}/${healthy.peersExpected}` : null,
  ]
}
