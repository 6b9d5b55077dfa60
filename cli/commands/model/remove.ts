import type { Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { ModelStore } from '#lab/models/model-store'
import type { CommandContext } from '../../context'
import { answering } from '../../hosts/answer'
import { interruptSignal, withHosts } from '../../hosts/lab-client'
import { megabytes } from './units'

interface RemoveOptions {
  readonly lab?: string
  readonly host?: string
}

export function removeModelCommand(model: Command, context: () => CommandContext): void {
  model
    .command('remove <name>')
    .description(
      'Remove a model from the data folder, or (--lab) from a host. The file that it was added from stays.',
    )
    .option('--lab <lab>', 'from a host of this lab')
    .option('--host <host>', 'of the lab; its inference host unless told otherwise')
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory model remove qwen-1.5b\n  skymemory model remove qwen-1.5b --lab testbed',
    )
    .action(async (name: string, { lab, host }: RemoveOptions) => {
      const { terminal, data } = context()
      if (lab === undefined) {
        if (host !== undefined) {
          throw new SkyError('invalid_argument', '--host needs a lab', 'Name the lab of the host with --lab.')
        }
        const removed = await new ModelStore(data).remove(name)
        terminal.out(`Removed the model ${name} (${megabytes(removed.bytes)}).`)
        return
      }
      const removed = await withHosts(context(), ({ client, answers }) =>
        answering(answers, () =>
          client.call('removeHostModel', { lab, host: host ?? null, name }, interruptSignal()),
        ),
      )
      terminal.out(`Removed ${removed.path} (${megabytes(removed.bytes)}).`)
    })
}
