import type { Command } from 'commander'
import type { CommandContext } from '../context'
import { addModelCommand } from './model/add'
import { modelEngineCommand } from './model/engine'
import { listModelsCommand } from './model/list'
import { randomModelCommand } from './model/random'
import { removeModelCommand } from './model/remove'
import { showModelCommand } from './model/show'

/** Model files: those that are kept here, those of hosts, and random ones to try things with. */
export function modelCommand(program: Command, context: () => CommandContext): void {
  const model = program
    .command('model')
    .summary('make, keep and send GGUF model files')
    .description('Model files (GGUF), which inference hosts run: here, and on the hosts of labs.')
  addModelCommand(model, context)
  listModelsCommand(model, context)
  showModelCommand(model, context)
  removeModelCommand(model, context)
  randomModelCommand(model, context)
  modelEngineCommand(model, context)
}
