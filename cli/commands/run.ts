import type { Command } from 'commander'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { demoPresetId, presetById } from '#shared/experiment/presets'
import type { CommandContext } from '../context'
import { resultsDirectory } from '../environment'
import { checkedExperiment, readExperiment } from '../run/experiment-file'
import { runAndExport } from '../run/run-and-export'
import { resolveRun } from './runs'

interface OutOptions {
  out?: string
  json: boolean
}

export function runCommands(program: Command, context: () => CommandContext): void {
  withOut(program.command('run <file>'))
    .summary('run an experiment file and write its results')
    .description(
      'Run an experiment file (YAML), show its progress, and write CSV files and a manifest. Uses the lab in the background if one runs, else one of its own.',
    )
    .option('--simulated', 'run it in the simulator, whatever lab the file names', false)
    .addHelpText(
      'after',
      examples(
        'run experiment.yaml',
        'run experiment.yaml --out /data/results',
        'run experiment.yaml --simulated',
      ),
    )
    .action(async (file: string, { out, json, simulated }: OutOptions & { simulated: boolean }) => {
      const yaml = await readExperiment(file)
      const lab = simulated ? 'simulated' : undefined
      checkedExperiment(context(), file, yaml, lab)
      await runAndExport(context(), { directory: resultsDirectory(out), json }, (client) =>
        start(client, yaml, lab),
      )
    })

  withOut(program.command('demo'))
    .summary('run the demo experiment')
    .description(
      'Run the demo experiment: a baseline without a cache, then three strategies; about two minutes.',
    )
    .addHelpText('after', examples('demo', 'demo --out /tmp/demo'))
    .action(async ({ out, json }: OutOptions) => {
      const preset = presetById(demoPresetId)
      if (!preset) throw new SkyError('internal', 'The demo experiment is missing')
      await runAndExport(context(), { directory: resultsDirectory(out), json }, (client) =>
        start(client, preset.yaml),
      )
    })

  withOut(program.command('resume <run>'))
    .summary('go on with an interrupted or paused run')
    .description(
      'Go on with an interrupted or paused run, then write its results. The trial that was cut short runs again.',
    )
    .addHelpText('after', examples('resume 2026-11-22-2136-demo-x7k2', 'resume latest'))
    .action(async (run: string, { out, json }: OutOptions) => {
      await runAndExport(context(), { directory: resultsDirectory(out), json }, async (client) => {
        const runId = await resolveRun(client, run)
        await client.call('resumeRun', { runId })
        return runId
      })
    })

  withOut(program.command('repeat <run> <trial>'))
    .summary('run one trial of a run again')
    .description(
      'Run one trial of a run again, then write the results of the run. Its earlier records are no longer exported.',
    )
    .addHelpText('after', examples('repeat 2026-11-22-2136-demo-x7k2 t003', 'repeat latest t003'))
    .action(async (run: string, trialId: string, { out, json }: OutOptions) => {
      await runAndExport(context(), { directory: resultsDirectory(out), json }, async (client) => {
        const runId = await resolveRun(client, run)
        await client.call('repeatTrial', { runId, trialId })
        return runId
      })
    })
}

function withOut(command: Command): Command {
  return command
    .option('--out <dir>', 'write the results to <dir>/<run>/ (default: results/<run>/)')
    .option('--json', 'print the run as JSON instead of a table', false)
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  skymemory ${line}`).join('\n')}`
}

async function start(client: Client<ConsoleApi>, yaml: string, lab?: string): Promise<string> {
  const { runId } = await client.call('startRun', lab === undefined ? { yaml } : { yaml, lab })
  return runId
}
