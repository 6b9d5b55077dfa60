import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { recipeNames, type RecipeName } from '#lab/models/random/recipes'
import { randomModelShapes, writeRandomModel, type RandomModelShape } from '#lab/models/random-model'
import type { CommandContext } from '../../context'
import { withProgress } from '../../run/with-progress'
import { wholeNumber } from '../options'

interface RandomOptions {
  readonly shape: RandomModelShape
  readonly architecture: RecipeName | typeof every
  readonly seed: number
  readonly out: string
}

const every = 'all'

export function randomModelCommand(model: Command, context: () => CommandContext): void {
  model
    .command('random')
    .description('Write a model of random weights, to try things without a download. It speaks nonsense.')
    .addOption(
      new Option(
        '--shape <shape>',
        'micro: 2 MB, a short vocabulary, for proofs; tiny: 17 MB, for tests; tinyllama: TinyLlama-1.1B in q4_0, 619 MB, for measurements',
      )
        .choices(Object.keys(randomModelShapes))
        .default('tiny'),
    )
    .addOption(
      new Option(
        '--architecture <name>',
        "llama.cpp's name of an architecture, or a model that it computes otherwise than the rest of its architecture; all: a file of each",
      )
        .choices([...recipeNames, every])
        .default('llama'),
    )
    .option('--seed <n>', 'the same seed gives the same file', wholeNumber(0, 2 ** 32 - 1), 1)
    .requiredOption('--out <path>', 'the file, or the folder of all; what is there is replaced')
    .addHelpText(
      'after',
      `
Examples:
  skymemory model random --out tiny.gguf
  skymemory model random --shape tinyllama --seed 7 --out random-1.1b.gguf
  skymemory model random --shape micro --architecture qwen3 --out qwen3.gguf
  skymemory model random --shape micro --architecture all --out models`,
    )
    .action(async ({ shape, architecture, seed, out }: RandomOptions) => {
      const { terminal } = context()
      const path = resolve(out)
      const names = architecture === every ? recipeNames : [architecture]
      await withProgress(terminal, async (progress, signal) => {
        for (const [index, name] of names.entries()) {
          const file = architecture === every ? join(path, `${name}.gguf`) : path
          const onProgress = (bytes: number, total: number): void =>
            progress.update((index + bytes / total) / names.length, shape)
          await writeRandomModel(file, { shape, architecture: name, seed }, { signal, onProgress })
        }
      })
      terminal.out(path)
    })
}
