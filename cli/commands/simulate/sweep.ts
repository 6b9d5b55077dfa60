import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { writeSweep, type WrittenSweep } from '#lab/simulation/sweep/write-sweep'
import type { GeometryPreset } from '#shared/constellation/geometry'
import type { Position } from '#shared/constellation/torus'
import { SkyError } from '#shared/contract/errors'
import { strategies, type Strategy } from '#shared/placement/placement'
import { checkOnTorus } from '#shared/simulation/latency/configuration'
import { checkSweep, type SweepGrid } from '#shared/simulation/sweep/grid'
import { parseNumberList } from '#shared/simulation/sweep/value-list'
import type { CommandContext } from '../../context'
import { gitRevision, version } from '../../environment'
import { showFraction } from '../../output/fraction-progress'
import { listenForInterrupts } from '../../run/interrupts'
import { requireWritable } from '../../run/results-folder'
import { slotAndPlane, wholeNumber } from '../options'
import { presets } from './latency-options'

interface SweepOptions {
  readonly preset: readonly GeometryPreset[]
  readonly strategy: readonly Strategy[]
  readonly servers: readonly number[]
  readonly slots: readonly number[]
  readonly planes: readonly number[]
  readonly centre: readonly Position[] | 'every'
  readonly rotations: readonly number[]
  readonly kvcBytes: readonly number[]
  readonly chunkBytes: readonly number[]
  readonly chunkProcessingTime: readonly number[]
  readonly altitude: readonly number[]
  readonly out: string
  readonly workers?: number
  readonly json: boolean
}

/** An option whose value is a list of words out of a closed set, each once. */
function wordsOption<Word extends string>(flags: string, what: string, all: readonly Word[]): Option {
  return new Option(flags, `${what}: ${all.join(', ')}`).argParser((text) => {
    const listed = text.split(',').map((word) => all.find((known) => known === word))
    if (listed.every((word) => word !== undefined) && new Set(listed).size === listed.length) return listed
    throw new InvalidArgumentError(`It must be a list of ${all.join(', ')}, each once.`)
  })
}

/** An option whose value is a list of numbers, with what it is unless it is given. */
function numbersOption(flags: string, what: string, value: number): Option {
  return new Option(flags, what).argParser(numbers).default([value], String(value))
}

function numbers(text: string): readonly number[] {
  const parsed = parseNumberList(text)
  if (parsed.ok) return parsed.values
  throw new InvalidArgumentError(
    `${parsed.problem}. It must be a list such as 9,25,49 or a range from:to:step.`,
  )
}

function centres(text: string): readonly Position[] | 'every' {
  return text === 'every' ? 'every' : text.split(';').map(slotAndPlane)
}

export function sweepCommand(simulate: Command, context: () => CommandContext): void {
  simulate
    .command('sweep')
    .summary('the latency model for every combination of lists of values')
    .description(
      "Compute the paper's latency model for every combination of the values, into sweep.csv with a " +
        'manifest.json beside it. Numbers are lists with commas and ranges from:to:step, as in 9,25,49 ' +
        'or 160000:1920000:220000.',
    )
    .addOption(wordsOption('--preset <names>', 'speed of light', presets).default(['default'], 'default'))
    .addOption(wordsOption('--strategy <names>', 'strategies', strategies).default([...strategies], 'all'))
    .requiredOption('--servers <list>', 'satellites that share the chunks of a block', numbers)
    .requiredOption('--slots <list>', 'satellites in one plane', numbers)
    .requiredOption('--planes <list>', 'orbital planes', numbers)
    .requiredOption(
      '--centre <slot,plane;...>',
      'centres with semicolons between, or every satellite',
      centres,
    )
    .addOption(numbersOption('--rotations <list>', 'rotations', 0))
    .requiredOption('--altitude <list>', 'altitudes, m', numbers)
    .requiredOption('--kvc-bytes <list>', 'sizes of the block, bytes', numbers)
    .addOption(numbersOption('--chunk-bytes <list>', 'sizes of a chunk, bytes', 12_288))
    .requiredOption('--chunk-processing-time <list>', 'what a server takes for one chunk, s', numbers)
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--workers <n>', 'worker threads; 0 for none (default: as suits the sweep)', wholeNumber(0))
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory simulate sweep --preset paper --servers 9,25,49,81 --slots 15 --planes 15 --centre 7,7 --altitude 160000:1920000:220000 --kvc-bytes 1048576:22020096:1048576 --chunk-processing-time 0.002:0.02:0.002 --out sweep
  skymemory simulate sweep --strategy hop,rotation --servers 1:95:1 --slots 19 --planes 5 --centre every --altitude 550000 --kvc-bytes 2883584 --chunk-processing-time 0.002 --out sweep --json`,
    )
    .action((options: SweepOptions) => sweep(options, context()))
}

async function sweep(options: SweepOptions, context: CommandContext): Promise<void> {
  const { terminal, installation } = context
  const grid = gridOf(options)
  checkSweep(grid)
  const directory = resolve(options.out)
  await requireWritable(directory)
  const interrupts = listenForInterrupts()
  const progress = showFraction(terminal)
  try {
    const written = await writeSweep({
      grid,
      directory,
      workerEntry: installation.workerEntry,
      threads: options.workers,
      signal: interrupts.signal,
      onProgress: ({ done, total }) => progress.update(done / total, `${done}/${total} configurations`),
      version,
      gitRevision,
    })
    progress.stop()
    for (const line of options.json ? [JSON.stringify(written)] : report(written)) terminal.out(line)
  } catch (thrown) {
    if (interrupts.signal.aborted) context.exitCode = 130
    throw thrown
  } finally {
    progress.stop()
    interrupts.stop()
  }
}

function report({ directory, files, configurations }: WrittenSweep): string[] {
  return [`${configurations} configurations in ${files.join(', ')} in:`, directory]
}

function gridOf(options: SweepOptions): SweepGrid {
  const { preset, strategy, slots, planes, rotations, servers, kvcBytes, chunkBytes } = options
  return {
    preset,
    strategy,
    slots,
    planes,
    centre: options.centre === 'every' ? everyCentre(slots, planes) : options.centre,
    rotations,
    servers,
    altitudeM: options.altitude,
    kvcBytes,
    chunkBytes,
    chunkProcessingTimeS: options.chunkProcessingTime,
  }
}

/** @throws SkyError `invalid_argument` where there are several toruses, whose satellites differ */
function everyCentre([slots, ...moreSlots]: readonly number[], planes: readonly number[]): Position[] {
  const height = planes[0]
  if (slots === undefined || height === undefined || moreSlots.length > 0 || planes.length > 1) {
    const hint = 'Give one number of slots and one of planes, or list the centres.'
    throw new SkyError('invalid_argument', 'centre is every, with several sizes of the torus', hint)
  }
  checkOnTorus({ slots, planes: height }, 1, { slot: 0, plane: 0 })
  return Array.from({ length: slots * height }, (_, satellite) => ({
    slot: satellite % slots,
    plane: Math.floor(satellite / slots),
  }))
}
