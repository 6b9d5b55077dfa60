import { Command, Option } from 'commander'
import { runLabDaemon } from './daemon/lab-daemon'
import { labCommand } from './commands/lab'
import { modelCommand } from './commands/model'
import { orbitsCommand } from './commands/orbits'
import { placeCommand } from './commands/place'
import { replayCommand } from './commands/replay'
import { runCommands } from './commands/run'
import { runsCommands } from './commands/runs'
import { serveCommand } from './commands/serve'
import { simulateCommand } from './commands/simulate'
import { testbedCommand } from './commands/testbed'
import { verifyCommand } from './commands/verify'
import type { CommandContext } from './context'
import { dataDirectory, engineOptions, gitRevision, version, type Installation } from './environment'
import type { Terminal } from './output/terminal'

export interface CommandLine {
  readonly program: Command
  readonly context: () => CommandContext
}

/** All commands of `skymemory`. */
export function commandLine(
  terminal: Terminal,
  installation: Installation,
  env: NodeJS.ProcessEnv,
  secrets: ReadonlyMap<string, string> = new Map(),
): CommandLine {
  const program = new Command('skymemory')
  let known: CommandContext | null = null
  const context = (): CommandContext =>
    (known ??= {
      terminal,
      installation,
      secrets,
      data: dataDirectory(program.opts<{ data?: string }>().data, env),
      exitCode: 1,
    })

  program
    .description(
      'Run SkyMemory experiments: the KV cache of language models in a low-earth-orbit constellation.',
    )
    .version(`${version} (${gitRevision})`)
    .addOption(
      new Option('--data <dir>', 'where runs are kept (default: SKYMEMORY_DATA, or the folder of this user)'),
    )
    .showHelpAfterError('(add --help for the options and examples of a command)')
    .addHelpText(
      'after',
      `
Examples:
  skymemory demo
  skymemory run experiment.yaml --out results
  skymemory lab up && skymemory run experiment.yaml && skymemory lab down`,
    )

  placeCommand(program, terminal)
  orbitsCommand(program, terminal)
  labCommand(program, context)
  runCommands(program, context)
  runsCommands(program, context)
  simulateCommand(program, context)
  replayCommand(program, context)
  modelCommand(program, context)
  verifyCommand(program, context)
  serveCommand(program, context)
  testbedCommand(program, context)

  program
    .command('lab-daemon', { hidden: true })
    .description('The process of a lab in the background; `lab up` starts it.')
    .action(async () => {
      await runLabDaemon(engineOptions(installation, context().data))
    })
  return { program, context }
}
