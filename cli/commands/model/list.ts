import type { Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { describeLocalModels } from '#lab/models/local-models'
import { ModelStore } from '#lab/models/model-store'
import type { CommandContext } from '../../context'
import { answering } from '../../hosts/answer'
import { interruptSignal, withHosts } from '../../hosts/lab-client'
import { table } from '../../output/table'

interface ListOptions {
  readonly lab?: string
  readonly host?: string
  readonly json: boolean
}

export function listModelsCommand(model: Command, context: () => CommandContext): void {
  model
    .command('list')
    .description('List the models that are kept here, or (--lab) those of a host.')
    .option('--lab <lab>', 'those of a host of this lab')
    .option('--host <host>', 'of the lab; its inference host unless told otherwise')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory model list\n  skymemory model list --lab testbed')
    .action(async ({ lab, host, json }: ListOptions) => {
      if (lab !== undefined) return listOfHost(context(), lab, host ?? null, json)
      if (host === undefined) return listHere(context(), json)
      throw new SkyError('invalid_argument', '--host needs a lab', 'Name the lab of the host with --lab.')
    })
}

async function listHere({ terminal, data }: CommandContext, json: boolean): Promise<void> {
  const models = await describeLocalModels(new ModelStore(data))
  if (json) return terminal.out(JSON.stringify(models))
  if (models.length === 0) {
    terminal.out('There is no model yet. Add one: skymemory model add FILE')
    return
  }
  const rows = models.map((each) => [
    each.name,
    each.architecture,
    each.quantisation,
    (each.bytes / 1e6).toFixed(1),
    each.bytesPerToken?.f16 ?? null,
    each.bytesPerToken?.q8_0 ?? null,
    each.sha256.slice(0, 12),
    each.state,
  ])
  const head = [
    'model',
    'architecture',
    'quantisation',
    'MB',
    'B a token f16',
    'B a token q8_0',
    'SHA-256',
    'state',
  ]
  terminal.out(table(head, rows))
}

async function listOfHost(
  context: CommandContext,
  lab: string,
  host: string | null,
  json: boolean,
): Promise<void> {
  const { terminal } = context
  const found = await withHosts(context, ({ client, answers }) =>
    answering(answers, () => client.call('hostModels', { lab, host }, interruptSignal())),
  )
  if (json) return terminal.out(JSON.stringify(found))
  if (found.models.length === 0) {
    terminal.out(`There is no model on ${found.host} yet. Send one: skymemory model add FILE --lab ${lab}`)
    return
  }
  const rows = found.models.map((each) => [
    each.name,
    (each.bytes / 1e6).toFixed(1),
    each.sha256.slice(0, 12),
    each.foundBytes === each.bytes ? 'present' : 'changed',
    each.path,
  ])
  terminal.out(table([`model on ${found.host}`, 'MB', 'SHA-256', 'state', 'file'], rows))
}
