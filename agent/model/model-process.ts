import { IPCMessageReader, IPCMessageWriter, createMessageConnection } from 'vscode-jsonrpc/node'
import { serve } from '#shared/contract/rpc'
import { LoadedLlama, type LlamaModule } from './loaded-llama'
import { modelControl } from './model-control'
import { tryCache } from './try-cache'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SkyError } from '#shared/contract/errors'

/**
 * The process that runs the model: llama.cpp ends its process when something is wrong within it, so it has one of its own.
 * Started by the inference host with the folder of the package `@skymemory/llama`; ends with it.
 */
const packageFolder = process.argv[2] ?? import.meta.dirname
const entry = join(packageFolder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')

let llama: LoadedLlama | null = null
const model = (): LoadedLlama => {
  if (llama === null) throw new SkyError('conflict', 'no model is loaded')
  return llama
}

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process))
const emitter = serve(connection, modelControl, {
  load: async (settings) => {
    if (llama !== null) throw new SkyError('conflict', 'a model is loaded already')
    const library = (await import(pathToFileURL(entry).href)) as LlamaModule
    llama = await LoadedLlama.load(library, settings)
    return llama.describe()
  },
  tokenise: ({ text }) => model().tokenise(text),
  chatTokens: ({ messages }) => model().chatTokens(messages),
  detokenise: ({ tokens }) => model().detokenise(tokens),
  begin: ({ stateFile, stateTokens }) => model().begin(stateFile, stateTokens),
  evaluate: async ({ tokens }) => {
    await model().evaluate(tokens)
    return null
  },
  generate: (request) => model().generate(request, (token) => emitter.emit('token', token)),
  stop: () => {
    model().stop()
    return null
  },
  tryCache: async (trial) => {
    await tryCache(model(), trial)
    return null
  },
  save: ({ stateFile }) => model().save(stateFile),
})
connection.listen()
process.once('disconnect', () => process.exit(0))
