import { fileURLToPath } from 'node:url'
import { IPCMessageReader, IPCMessageWriter, createMessageConnection } from 'vscode-jsonrpc/node'
import { SkyError } from '#shared/contract/errors'
import { serve } from '#shared/contract/rpc'
import { importLlama } from './llama-library'
import { LoadedLlama } from './loaded-llama'
import { LongTexts, tokeniseMode, tokeniseOnce } from './long-texts'
import { modelControl } from './model-control'
import { roughBytes, type TokenizerInput } from './tokenizer'
import { tryCache } from './try-cache'

/**
 * The process that runs the model: llama.cpp ends its process when something is wrong within it, so it has one of its own.
 * Started by the inference host with the folder of the package `@skymemory/llama`; ends with it.
 */
const packageFolder = process.argv[2] ?? import.meta.dirname

/** Texts up to this are tokenised where the model runs: they hold it up for a tenth of a second, as one block's computing does, B. */
const shortText = 128 * 1024

interface Loaded {
  readonly llama: LoadedLlama
  readonly longTexts: LongTexts
}

function serveModel(): void {
  let loaded: Loaded | null = null
  const ready = (): Loaded => {
    if (loaded === null) throw new SkyError('conflict', 'no model is loaded')
    return loaded
  }
  const model = (): LoadedLlama => ready().llama
  const tokens = (input: TokenizerInput): number[] | Promise<number[]> => {
    const { llama, longTexts } = ready()
    if (roughBytes(input) <= shortText) return llama.tokenizer.tokens(input)
    if ('text' in input) llama.tokenizer.requireRoom(input.text)
    return longTexts.tokens(input)
  }

  const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process))
  const emitter = serve(connection, modelControl, {
    load: async (settings) => {
      if (loaded !== null) throw new SkyError('conflict', 'a model is loaded already')
      const llama = await LoadedLlama.load(await importLlama(packageFolder), settings)
      const about = { modelFile: settings.modelFile, roomTokens: llama.tokenizer.roomTokens }
      loaded = { llama, longTexts: new LongTexts(fileURLToPath(import.meta.url), packageFolder, about) }
      return llama.describe()
    },
    tokenise: tokens,
    chatTokens: tokens,
    detokenise: ({ tokens: given }) => model().detokenise(given),
    begin: ({ stateFile, stateTokens }) => model().begin(stateFile, stateTokens),
    evaluate: async ({ tokens: given }) => {
      await model().evaluate(given)
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
}

process.once('disconnect', () => process.exit(0))
if (process.argv[3] === tokeniseMode) tokeniseOnce(packageFolder)
else serveModel()
