import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { withEngine } from '../connection'
import type { CommandContext } from '../context'
import { answer, answersOf } from '../hosts/answer'
import { showProgress } from '../output/progress'
import { summaryTable } from '../output/summary-table'
import { followRun, requireSuccess, type RunEnd } from './follow-run'
import { listenForInterrupts } from './interrupts'
import { propagationByTrial } from './propagation'
import { requireWritable } from './results-folder'

export interface RunOptions {
  /** Folder below which the run's folder is made. */
  readonly directory: string
  readonly json: boolean
}

/**
 * Begin (or resume) a run, follow it to its end, export it, and print the table and, last, the folder of the results.
 * @param begin gives the id of the run that now goes on
 */
export async function runAndExport(
  context: CommandContext,
  options: RunOptions,
  begin: (client: Client<ConsoleApi>) => Promise<string>,
): Promise<void> {
  const { terminal, installation, data } = context
  const { directory, json } = options
  await requireWritable(directory)
  const interrupts = listenForInterrupts()
  try {
    await withEngine(installation, data, async (client, { isOwn, lost }) => {
      const runId = await begin(client)
      terminal.err(`Run ${runId}`)
      const follow = (): Promise<RunEnd> =>
        Promise.race([followRun(client, runId, showProgress(terminal), interrupts.signal), lost])
      let end = await follow()
      // Hosts of a lab may need a password, or show a key that nobody has accepted yet.
      while (end.kind === 'stuck' && (await answer(answersOf(context, client), end.reason))) {
        await client.call('resumeRun', { runId })
        end = await follow()
      }
      if (end.kind === 'stuck') {
        const how = isOwn ? 'It can be resumed later' : 'It waits'
        terminal.err(`Run ${runId} is paused. ${how}: skymemory resume ${runId}`)
        requireSuccess(end)
      }
      if (end.kind === 'ended' && end.run.state.kind === 'interrupted') requireSuccess(end)
      // Also of a run with failed trials or a cancelled one: what there is belongs to the user.
      const exported = await client.call('exportRun', { runId, directory }).catch((thrown: unknown) => {
        terminal.err(
          `The records of run ${runId} are kept. Write them later: skymemory export ${runId} --out DIR`,
        )
        throw thrown
      })
      const run = await client.call('run', { runId })
      if (json) {
        terminal.out(JSON.stringify({ run, directory: exported.directory, files: exported.files }))
      } else {
        terminal.out(summaryTable(run, await propagationByTrial(client, run)))
        terminal.out(exported.directory)
      }
      requireSuccess(end)
    })
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'cancelled' && interrupts.signal.aborted) {
      context.exitCode = 130
    }
    throw thrown
  } finally {
    interrupts.stop()
  }
}
