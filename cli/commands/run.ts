import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { parseExperiment } from '#shared/experiment/parse'
import { demoPresetId, presetById } from '#shared/experiment/presets'
import type { CommandContext } from '../context'
import { resultsDirectory } from '../environment'
import { problemLine } from '../output/errors'
import { runAndExport } from '../run/run-and-export'
import { resolveRun } from './runs'

interface OutOptions {
  out?: string
  json: boolean
}

/** Longest experiment file that is read, bytes: a longer one is something else. */
const longestFile = 1_000_000

export function runCommands(program: Command, context: () => CommandContext): void {
  withOut(program.command('run <file>'))
    .summary('run an experiment file and write its results')
    .description(
      'Run an experiment file (YAML), show its progress, and write CSV files and a manifest. Uses the lab in the background if one runs, else one of its own.',
    )
    .addHelpText('after', examples('run experiment.yaml', 'run experiment.yaml --out /data/results'))
    .action(async (file: string, { out, json }: OutOptions) => {
      const yaml = await readExperiment(file)
      checkExperiment(context(), file, yaml)
      await runAndExport(context(), { directory: resultsDirectory(out), json }, (client) =>
        start(client, yaml),
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

async function start(client: Client<ConsoleApi>, yaml: string): Promise<string> {
  const { runId } = await client.call('startRun', { yaml })
  return runId
}

async function readExperiment(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    if (bytes.length > longestFile) {
      throw new SkyError(
        'invalid_experiment',
        `${file} has ${bytes.length} bytes: too long for an experiment`,
      )
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_experiment', `${file} cannot be read: ${reason}`, 'Name a YAML file.', {
      file,
    })
  }
}

/** @throws SkyError `invalid_experiment`, after a line for every problem */
function checkExperiment({ terminal }: CommandContext, file: string, yaml: string): void {
  const parsed = parseExperiment(yaml)
  if (parsed.ok) return
  for (const problem of parsed.problems) terminal.err(problemLine(file, problem))
  const count = parsed.problems.length
  const message = `${file} has ${count === 1 ? 'a problem' : `${count} problems`} and was not run`
  throw new SkyError('invalid_experiment', message, 'Correct the lines above.')
}
