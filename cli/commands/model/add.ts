import { Option, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import { whatNeverFits } from '#shared/gguf/model-fit'
import { readModelFile } from '#lab/models/model-file'
import { ModelStore, nameFor, requireUsable } from '#lab/models/model-store'
import type { CommandContext } from '../../context'
import { answering } from '../../hosts/answer'
import { withHosts } from '../../hosts/lab-client'
import { withProgress } from '../../run/with-progress'
import { byteCount, megabytes } from './units'

interface AddOptions {
  readonly name?: string
  readonly copy: boolean
  readonly lab?: string
  readonly host?: string
  readonly json: boolean
}

export function addModelCommand(model: Command, context: () => CommandContext): void {
  model
    .command('add <file>')
    .description(
      'Take a GGUF model into the data folder, or (--lab) put it on the inference host of a lab. A transfer that broke off goes on.',
    )
    .option('--name <name>', "what it is called; after the file's name unless told otherwise")
    .option('--copy', 'copy the file also where it could be linked', false)
    .option('--lab <lab>', 'send it to a host of this lab, over SSH; FILE may then be the name of a model')
    .addOption(new Option('--host <host>', 'of the lab; its inference host unless told otherwise'))
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
A file on the disk of the data folder is linked: it takes no room, and stays when the original is removed.
A model that cannot be used is refused with the reason, before anything is copied or sent.

Examples:
  skymemory model add tinyllama-1.1b-chat-v1.0.Q4_0.gguf
  skymemory model add /media/usb/qwen2.5-1.5b-instruct-q4_k_m.gguf --name qwen-1.5b
  skymemory model add qwen-1.5b --lab testbed
  skymemory model add model.gguf --lab testbed --host jetson`,
    )
    .action(async (file: string, options: AddOptions) => {
      if (options.lab !== undefined) return send(context(), file, options, options.lab)
      if (options.host !== undefined) {
        throw new SkyError('invalid_argument', '--host needs a lab', 'Name the lab of the host with --lab.')
      }
      await keep(context(), file, options)
    })
}

async function keep({ terminal, data }: CommandContext, file: string, options: AddOptions): Promise<void> {
  let step = 'reading'
  const added = await withProgress(terminal, (progress, signal) =>
    new ModelStore(data).add(file, options.name ?? null, {
      copy: options.copy,
      signal,
      onStep: (next) => (step = { read: 'reading', copy: 'copying', check: 'checking' }[next]),
      onProgress: (bytes, total) => progress.update(bytes / total, step),
    }),
  )
  const { model, how } = added
  if (options.json) return terminal.out(JSON.stringify({ ...model, how }))
  terminal.out(
    how === 'already there'
      ? `The model ${model.name} is there already.`
      : `The model ${model.name} is kept here now (${how}): ${megabytes(model.bytes)}, SHA-256 ${model.sha256}`,
  )
  const { bytes, shape } = await readModelFile(model.path)
  for (const { message, hint } of whatNeverFits(shape, bytes)) terminal.err(`note: ${message} ${hint}`)
}

async function send(
  context: CommandContext,
  nameOrFile: string,
  options: AddOptions,
  lab: string,
): Promise<void> {
  const { terminal, data } = context
  const store = new ModelStore(data)
  const file = await store.pathOf(nameOrFile)
  // Refused before anybody is asked for a password.
  requireUsable(await readModelFile(file))
  const name = nameFor(file, options.name ?? null)
  const sent = await withProgress(terminal, async (progress, signal) => {
    await store.checksums.sha256(file, {
      signal,
      onProgress: (bytes, total) => bytes < total && progress.update(bytes / total, 'reading'),
    })
    return withHosts(context, async ({ client, answers }) => {
      const stop = client.on('modelTransfer', ({ host, bytesDone, bytes }) =>
        progress.update(bytesDone / bytes, `to ${host}: ${megabytes(bytesDone)} of ${megabytes(bytes)}`),
      )
      try {
        return await answering(answers, () =>
          client.call('sendModel', { lab, host: options.host ?? null, file, name }, signal),
        )
      } finally {
        stop()
      }
    })
  })
  if (options.json) return terminal.out(JSON.stringify({ name, ...sent }))
  terminal.out(
    sent.bytesSent === 0
      ? `The model ${name} is on ${sent.host} already: ${sent.path}`
      : `The model ${name} is on ${sent.host} now: ${sent.path}, ${byteCount(sent.bytesSent)} sent, SHA-256 ${sent.sha256}`,
  )
  for (const { severity, message, hint } of sent.problems) {
    terminal.err(`${severity === 'error' ? `${sent.host} cannot run it` : 'note'}: ${message} ${hint}`)
  }
}
