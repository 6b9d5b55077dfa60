import type { Command } from 'commander'
import type { ConsoleApi, RunSummary } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { isoTime } from '#shared/experiment/csv-columns'
import { withEngine } from '../connection'
import type { CommandContext } from '../context'
import { resultsDirectory } from '../environment'
import { summaryTable } from '../output/summary-table'
import { table } from '../output/table'
import { propagationByTrial } from '../run/propagation'
import { requireWritable } from '../run/results-folder'

export function runsCommands(program: Command, context: () => CommandContext): void {
  program
    .command('runs')
    .summary('list the runs that are kept')
    .description('List the runs that are kept, the newest first.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  skymemory runs\n  skymemory runs --json')
    .action(async ({ json }: { json: boolean }) => {
      const { terminal, installation, data } = context()
      const runs = await withEngine(installation, data, (client) => client.call('runs', {}))
      if (json) return terminal.out(JSON.stringify(runs))
      if (runs.length === 0) return terminal.out('There are no runs yet. Begin with: skymemory demo')
      terminal.out(table(['run', 'name', 'state', 'trials', 'requests', 'created (UTC)'], runs.map(runRow)))
    })

  program
    .command('show <run>')
    .summary('show the trials of a run')
    .description('Show the trials of a run with their metrics. `latest` means the newest run.')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory show 2026-11-22-2136-demo-x7k2\n  skymemory show latest --json',
    )
    .action(async (named: string, { json }: { json: boolean }) => {
      const { terminal, installation, data } = context()
      await withEngine(installation, data, async (client) => {
        const run = await client.call('run', { runId: await resolveRun(client, named) })
        if (json) return terminal.out(JSON.stringify(run))
        terminal.out(`${run.runId}: ${run.name}, ${run.state.kind}`)
        terminal.out(summaryTable(run, await propagationByTrial(client, run)))
        for (const { trialId, state } of run.trials) {
          if (state.kind === 'failed')
            terminal.out(`${trialId}: ${state.error.message} [${state.error.code}]`)
        }
      })
    })

  program
    .command('export <run>')
    .summary('write the CSV files and the manifest of a run')
    .description(
      'Write the CSV files and the manifest of a run to <dir>/<run>/. `latest` means the newest run.',
    )
    .option('--out <dir>', 'folder to write to (default: results/)')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  skymemory export 2026-11-22-2136-demo-x7k2 --out /data/results\n  skymemory export latest',
    )
    .action(async (run: string, { out, json }: { out?: string; json: boolean }) => {
      const { terminal, installation, data } = context()
      const directory = resultsDirectory(out)
      await withEngine(installation, data, async (client) => {
        const runId = await resolveRun(client, run)
        await requireWritable(directory)
        const exported = await client.call('exportRun', { runId, directory })
        terminal.out(json ? JSON.stringify(exported) : exported.directory)
      })
    })
}

function runRow(run: RunSummary): (string | number)[] {
  const { runId, name, state, trialsDone, trialsTotal, requestsDone, createdAt } = run
  const failed = state.kind === 'finished' && state.failedTrials > 0 ? `, ${state.failedTrials} failed` : ''
  const created = isoTime(createdAt).slice(0, 16).replace('T', ' ')
  return [runId, name, state.kind + failed, `${trialsDone}/${trialsTotal}`, requestsDone, created]
}

/** The id of a run: itself, or the newest one for `latest`. @throws SkyError `not_found` */
export async function resolveRun(client: Client<ConsoleApi>, named: string): Promise<string> {
  const runs = await client.call('runs', {})
  const found = named === 'latest' ? runs[0] : runs.find((run) => run.runId === named)
  if (found) return found.runId
  const message = named === 'latest' ? 'There are no runs yet' : `There is no run ${named}`
  throw new SkyError('not_found', message, 'List them: skymemory runs')
}
