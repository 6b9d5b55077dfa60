import { resolve } from 'node:path'
import type { Command } from 'commander'
import {
  shareOf,
  simulateTrace,
  type TraceOutcome,
  type TraceProgress,
} from '#lab/simulation/system/simulate-trace'
import { seriesOf } from '#shared/experiment/meaning'
import { overloadWarning } from '#shared/simulation/system/overload'
import type { CommandContext } from '../../context'
import { gitRevision, resultsDirectory, version } from '../../environment'
import { showFraction } from '../../output/fraction-progress'
import { table } from '../../output/table'
import { checkedExperiment, readExperiment } from '../../run/experiment-file'
import { listenForInterrupts } from '../../run/interrupts'
import { requireWritable } from '../../run/results-folder'
import { wholeNumber } from '../options'
import { addTraceFlags, traceOptionsOf, type TraceFlags } from '../trace-options'

interface TraceCommandFlags extends TraceFlags {
  readonly experiment: string
  readonly out?: string
  readonly threads?: number
  readonly json: boolean
}

export function traceCommand(simulate: Command, context: () => CommandContext): void {
  const command = simulate
    .command('trace')
    .summary('the whole system on a request trace: constellation, stores, links, model')
    .description(
      `Simulate the whole system, event by event, on the clock of a request trace: for every trial of an experiment file. Writes the same files as
a run on a lab, and says which part of the hit rate of an infinite cache was reached. Links take their light time unless the file says link_delay: off.`,
    )
  addTraceFlags(command)
    .requiredOption('--experiment <file>', 'the experiment (YAML); its workload is replaced by the trace')
    .option('--out <dir>', 'write the results to <dir>/<run>/ (default: results/<run>/)')
    .option('--threads <n>', 'trials that are simulated at a time (default: one a core)', wholeNumber(1))
    .option('--json', 'print JSON instead of a table', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory simulate trace --trace conversation_trace.jsonl --experiment starlink.yaml --json
  skymemory simulate trace --trace BurstGPT_3.csv --prefix-model session --experiment grid.yaml --out results --threads 2`,
    )
    .action((flags: TraceCommandFlags) => simulateOnTrace(flags, context()))
}

async function simulateOnTrace(flags: TraceCommandFlags, context: CommandContext): Promise<void> {
  const { terminal, installation } = context
  const experimentYaml = await readExperiment(flags.experiment)
  const experiment = checkedExperiment(context, flags.experiment, experimentYaml, 'simulated')
  const directory = resultsDirectory(flags.out)
  await requireWritable(directory)
  const interrupts = listenForInterrupts()
  const progress = showFraction(terminal)
  try {
    const outcome = await simulateTrace(
      {
        path: resolve(flags.trace),
        options: traceOptionsOf(flags),
        experiment,
        experimentYaml,
        directory,
        workerEntry: installation.workerEntry,
        threads: flags.threads,
        version,
        gitRevision,
      },
      { signal: interrupts.signal, onProgress: (told) => progress.update(...shown(told)) },
    )
    progress.stop()
    for (const { number, reason } of outcome.tally.firstSkipped) {
      terminal.err(`skipped record ${number}: ${reason}`)
    }
    for (const { planned, simulated } of outcome.trials) {
      const warning = overloadWarning(outcome.lastArrivalS, simulated.summary.duration_s ?? 0)
      if (warning !== null) terminal.err(`warning: ${planned.trialId}: ${warning}`)
    }
    for (const line of flags.json ? [JSON.stringify(asJson(outcome))] : report(outcome)) terminal.out(line)
  } catch (thrown) {
    if (interrupts.signal.aborted) context.exitCode = 130
    throw thrown
  } finally {
    progress.stop()
    interrupts.stop()
  }
}

function shown(progress: TraceProgress): [fraction: number, text: string] {
  switch (progress.kind) {
    case 'reading':
      return [0, 'reading the trace']
    case 'simulating':
      return [progress.done / progress.total, `${progress.done}/${progress.total} requests`]
  }
}

function asJson({ runId, ceiling, trials, settings, tally, directory, files }: TraceOutcome): object {
  return {
    runId,
    lab: 'simulated',
    trace: {
      format: settings.format,
      blockTokens: settings.blockTokens,
      requests: ceiling.requests,
      blocks: ceiling.blocks,
      uniqueBlocks: ceiling.uniqueBlocks,
      skippedLines: tally.skippedLines,
    },
    ceiling: { blockHitRate: ceiling.blockHitRate, tokenHitRate: ceiling.tokenHitRate },
    trials: trials.map(({ planned, simulated }) => ({
      trialId: planned.trialId,
      repeat: planned.repeat,
      seed: planned.seed,
      factors: planned.factors,
      linkDelay: planned.parameters.link_delay,
      metrics: simulated.summary,
      ceilingShare: shareOf(simulated.summary.block_hit_rate, ceiling.blockHitRate),
      events: simulated.events,
      wallS: simulated.wallS,
      eventsPerS: simulated.events / simulated.wallS,
    })),
    directory,
    files,
  }
}

function report({ ceiling, trials, directory }: TraceOutcome): string[] {
  const digits = (value: number | null, places: number): string =>
    value === null ? '–' : value.toFixed(places)
  const rows = trials.map(({ planned, simulated: { summary, events, wallS } }) => [
    planned.trialId,
    seriesOf(planned.parameters),
    digits(summary.block_hit_rate, 4),
    digits(shareOf(summary.block_hit_rate, ceiling.blockHitRate), 3),
    digits(summary.hops_mean, 2),
    digits(summary.get_ms_p50, 1),
    digits(summary.ttft_ms_p50, 1),
    digits(summary.ttft_ms_p95, 1),
    String(summary.evicted_chunks ?? '–'),
    String(summary.migrated_chunks ?? '–'),
    digits(events / wallS / 1e6, 2),
  ])
  const head = [
    'trial',
    'series',
    'block hit rate',
    'of ceiling',
    'hops mean',
    'get p50 ms',
    'TTFT p50 ms',
    'TTFT p95 ms',
    'evicted chunks',
    'migrated chunks',
    'M events/s',
  ]
  return [
    table(head, rows),
    `Ceiling: an infinite cache hits ${digits(ceiling.blockHitRate, 6)} of the blocks (${digits(ceiling.tokenHitRate, 6)} of the tokens). All times are simulated.`,
    directory,
  ]
}
