import type { Command } from 'commander'
import type { CommandContext } from '../context'
import { randomModelCommand } from './model/random'

/** Model files: those that are kept here, those of hosts, and random ones to try things with. */
export function modelCommand(program: Command, context: () => CommandContext): void {
  const model = program
    .command('model')
    .summary('make, keep and bring GGUF model files')
    .description('Model files (GGUF) that the engine `llama` of the inference host runs.')
  randomModelCommand(model, context)
}
