import type { Command } from 'commander'
import type { CommandContext } from '../context'
import { figuresCommand } from './simulate/figures'
import { latencyCommand } from './simulate/latency'
import { paperCommand } from './simulate/paper'
import { sweepCommand } from './simulate/sweep'
import { traceCommand } from './simulate/trace'

/** `skymemory simulate`: everything that needs no lab. */
export function simulateCommand(program: Command, context: () => CommandContext): void {
  const simulate = program
    .command('simulate')
    .summary("simulate without a lab: the latency model, the paper's tables and figures, sweeps")
    .description('Simulate without a lab.')
  latencyCommand(simulate, context)
  paperCommand(simulate, context)
  sweepCommand(simulate, context)
  traceCommand(simulate, context)
  figuresCommand(simulate, context)
}
