import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { SkyError } from '#shared/contract/errors'
import {
  defaultParameters,
  parameterNames,
  parameters,
  parameterSchema,
  type ParameterName,
  type ParameterValues,
} from '#shared/experiment/parameters'
import { ModelStore } from '#lab/models/model-store'
import type { CommandContext } from '../context'
import { withHosts } from '../hosts/lab-client'
import { servedAt, servingLab } from '../hosts/serving-lab'
import { listenForInterrupts } from '../run/interrupts'
import { wholeNumber } from './options'

/** Parameters that are chosen otherwise; undefined = not at all. */
const ownOptions = {
  model: '--model',
  kv_type: '--kv-type',
  context_tokens: '--context',
  engine: undefined,
} as const satisfies Partial<Record<ParameterName, string | undefined>>
type SetParameters = Partial<Omit<ParameterValues, keyof typeof ownOptions>>

interface ServeOptions {
  readonly model: string
  readonly lab?: string
  readonly kvType: ParameterValues['kv_type']
  readonly context: number
  readonly port: number
  readonly set: SetParameters
  readonly json: boolean
}

export function serveCommand(program: Command, context: () => CommandContext): void {
  program
    .command('serve')
    .summary('serve a model with an OpenAI-compatible API')
    .description(
      'Serve a model through the cache with an OpenAI-compatible API, until Ctrl+C: on this computer, or on the inference host of a lab behind\nSSH. Uses the lab in the background if one runs, else one of its own.',
    )
    .requiredOption(
      '--model <name|file>',
      'a model that was added (skymemory model list), or a GGUF file; behind SSH one of that host (model list --lab LAB)',
    )
    .option('--lab <lab>', 'a lab of SSH hosts')
    .addOption(
      new Option('--kv-type <type>', 'how a KV value is kept')
        .choices(parameters.kv_type.values)
        .default(defaultParameters.kv_type),
    )
    .option(
      '--context <tokens>',
      'tokens of prompt and answer that fit',
      wholeNumber(parameters.context_tokens.min, parameters.context_tokens.max),
      defaultParameters.context_tokens,
    )
    .option('--port <port>', 'where it listens; 0 = any port that is free', wholeNumber(0, 65_535), 0)
    .option(
      '--set <parameter=value>',
      'any other parameter of experiments; may be given several times',
      setParameter,
      {},
    )
    .option('--json', 'print address and model as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory serve --model tinyllama --port 8000
  skymemory serve --model tinyllama --lab testbed
  skymemory serve --model ./model.gguf --kv-type q8_0 --context 8192
  skymemory serve --model tinyllama --set strategy=hop --set servers=25 --set block_tokens=64`,
    )
    .action((options: ServeOptions) => serveModel(context(), options))
}

async function serveModel(context: CommandContext, options: ServeOptions): Promise<void> {
  const { terminal, data } = context
  const interrupts = listenForInterrupts()
  const interrupted = new Promise<void>((done) => interrupts.signal.addEventListener('abort', () => done()))
  try {
    await withHosts(context, async (command) => {
      const { client, lost } = command
      const lab = await Promise.race([
        servingLab(command, options.lab, chosen(options), options.set),
        lost,
        interrupted,
      ])
      if (!lab) return
      const { inventory } = lab
      const model = inventory ? options.model : await modelOf(data, options.model)
      terminal.err(`Loading ${model} …`)
      const parameters = { ...lab.parameters, model }
      const serving = client.call('serveApi', { parameters, port: options.port })
      const answer = await Promise.race([serving, lost, interrupted])
      if (!answer) {
        // What was begun is undone by closing the engine, or with the next model; on a host it is not.
        if (inventory) await serving.then(() => client.call('serveApi', { parameters: null }))
        else serving.catch(() => undefined)
        return
      }
      const url = answer.url ?? ''
      const { model: id, host, forward } = await servedAt({ inventory, parameters }, url)
      const metrics = new URL('/metrics', url).href
      if (options.json) terminal.out(JSON.stringify({ url, model: id, metrics, host, forward }))
      else {
        terminal.out(url)
        terminal.err(`The model is called ${id}; metrics: ${metrics}`)
        if (host) terminal.err(`It listens on ${host} itself. To have its port here: ${forward ?? ''}`)
        terminal.err(`Ctrl+C ends it. To try it:\n${example(url, id)}`)
      }
      await Promise.race([interrupted, lost])
      terminal.err('Ending …')
      await client.call('serveApi', { parameters: null })
    })
  } finally {
    interrupts.stop()
  }
}

function chosen({ set, model, kvType, context }: ServeOptions): ParameterValues {
  const parameters = { ...defaultParameters, ...set, kv_type: kvType, context_tokens: context }
  return { ...parameters, engine: 'llama', model }
}

/** A name stays a name, a file becomes its whole path. @throws SkyError not_found */
async function modelOf(data: string, nameOrFile: string): Promise<string> {
  const path = resolve(nameOrFile)
  const kept = await new ModelStore(data).list()
  const named = kept.find(({ name }) => name === nameOrFile)
  if (named?.state === 'present') return named.name
  if (!named && existsSync(path)) return path
  throw new SkyError(
    'not_found',
    named
      ? `The file of the model ${named.name} is not as it was added`
      : `There is neither a model nor a file ${nameOrFile}`,
    'List the models: skymemory model list',
  )
}

function example(url: string, model: string): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true })
  return `  curl ${url}/chat/completions -H 'Content-Type: application/json' -d '${body}'`
}

function setParameter(text: string, before: SetParameters): SetParameters {
  const [name, ...rest] = text.split('=')
  const known = parameterNames.find((each) => each === name)
  if (!known) throw new InvalidArgumentError(`There is no parameter ${name}.`)
  if (known in ownOptions) {
    const option = ownOptions[known as keyof typeof ownOptions]
    const instead =
      option === undefined ? 'Only real models are served: the engine is llama' : `Use ${option}`
    throw new InvalidArgumentError(`${known} is not set so. ${instead}.`)
  }
  const value = rest.join('=')
  const parameter = parameters[known]
  const isNumber = parameter.kind === 'integer' || parameter.kind === 'number'
  const checked = parameterSchema(parameter).safeParse(
    isNumber && value.trim() !== '' ? Number(value) : value,
  )
  if (checked.success) return { ...before, [known]: checked.data }
  throw new InvalidArgumentError(`${known}: ${checked.error.issues[0]?.message ?? 'it cannot be that'}.`)
}
