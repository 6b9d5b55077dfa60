import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { randomModelShapes, writeRandomModel, type RandomModelShape } from '#lab/models/random-model'
import type { CommandContext } from '../../context'
import { withProgress } from '../../run/with-progress'
import { wholeNumber } from '../options'

interface RandomOptions {
  readonly shape: RandomModelShape
  readonly seed: number
  readonly out: string
}

export function randomModelCommand(model: Command, context: () => CommandContext): void {
  model
    .command('random')
    .description('Write a model of random weights, to try things without a download. It speaks nonsense.')
    .addOption(
      new Option(
        '--shape <shape>',
        'tiny: 17 MB, for tests; tinyllama: TinyLlama-1.1B in q4_0, 619 MB, for measurements',
      )
        .choices(Object.keys(randomModelShapes))
        .default('tiny'),
    )
    .option('--seed <n>', 'the same seed gives the same file', wholeNumber(0, 2 ** 32 - 1), 1)
    .requiredOption('--out <file>', 'where the model goes; what is there is replaced')
    .addHelpText(
      'after',
      `
Examples:
  skymemory model random --out tiny.gguf
  skymemory model random --shape tinyllama --seed 7 --out random-1.1b.gguf`,
    )
    .action(async ({ shape, seed, out }: RandomOptions) => {
      const { terminal } = context()
      const path = resolve(out)
      await withProgress(terminal, (progress, signal) =>
        writeRandomModel(
          path,
          { shape, seed },
          { signal, onProgress: (bytes, total) => progress.update(bytes / total, shape) },
        ),
      )
      terminal.out(path)
    })
}
