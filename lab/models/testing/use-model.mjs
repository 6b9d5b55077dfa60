/**
 * Loads a model with node-llama-cpp and prints what it does, as JSON: in a process of its own, because a model that llama.cpp does not
 * bear ends its process.
 * Arguments: the package's folder, the model. From stdin: JSON, texts to be tokenised.
 */
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const [folder, modelPath] = process.argv.slice(2)
const texts = JSON.parse(await text(process.stdin))
const { getLlama } = await import(pathToFileURL(join(folder, 'dist', 'index.js')).href)
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'error' })
const model = await llama.loadModel({ modelPath })
const context = await model.createContext({ contextSize: 256, batchSize: 64, sequences: 1, threads: 1 })
const sequence = context.getSequence()
const prompt = [model.tokens.bos, ...model.tokenize('The cache of a model turns with the satellites.')]

const evaluated = await sequence.controlledEvaluate([
  ...prompt.slice(0, -1),
  [prompt.at(-1), { generateNext: { probabilities: true, temperature: 1 } }],
])
const probabilities = [...evaluated.at(-1).next.probabilities.values()]

await sequence.clearHistory()
const greedy = []
for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
  greedy.push(token)
  if (greedy.length === 16) break
}
console.log(
  JSON.stringify({
    tokens: texts.map((each) => model.tokenize(each)),
    special: { begin: model.tokens.bos, end: model.tokens.eos },
    trainContext: model.trainContextSize,
    chatTemplate: model.fileInfo.metadata.tokenizer.chat_template,
    probabilities: {
      count: probabilities.length,
      sum: probabilities.reduce((sum, each) => sum + each, 0),
      max: Math.max(...probabilities),
    },
    greedy,
  }),
)
await llama.dispose()
