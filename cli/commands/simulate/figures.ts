import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { defaultDpi, writeFigures, type NamedSvg } from '#lab/simulation/figures/write-figures'
import type { Position } from '#shared/constellation/torus'
import { strategies, type Strategy } from '#shared/placement/placement'
import { layoutFigure } from '#shared/simulation/figures/layout-figure'
import { layoutFigureSvg } from '#shared/simulation/figures/layout-figure-svg'
import { lineFigureSvg } from '#shared/simulation/figures/line-figure-svg'
import { paperFigures } from '#shared/simulation/figures/paper-figures'
import { paperConfiguration } from '#shared/simulation/sweep/paper-sweep'
import type { CommandContext } from '../../context'
import { requireWritable } from '../../run/results-folder'
import { anyNumber, slotAndPlane, wholeNumber } from '../options'

interface FiguresOptions {
  readonly out: string
  readonly only?: 'latency' | 'layout'
  readonly strategy?: Strategy
  readonly servers: number
  readonly slots: number
  readonly planes: number
  readonly centre: Position
  readonly rotations: number
  readonly kvcBytes: number
  readonly chunkBytes: number
  readonly losSlots: number
  readonly losPlanes: number
  readonly titles: boolean
  readonly dpi: number
  readonly json: boolean
}

/** Resolutions that make sense in print; more would need gigabytes. */
const dpiLimits = { least: 72, most: 1200 } as const

export function figuresCommand(simulate: Command, context: () => CommandContext): void {
  const { torus, centre, servers, kvcBytes, chunkBytes } = paperConfiguration
  simulate
    .command('figures')
    .summary("draw the paper's figures, and where the chunks of a placement lie")
    .description(
      "Draw the paper's figures as SVG and PNG, as wide as a column of a paper: worst-case latency " +
        "against KVC size, servers, processing time and altitude (always the paper's sweep, preset " +
        "paper), and the layout of a block's chunks on the torus. The options of a placement change the " +
        "layout; unless they are given it is the paper's, for every strategy.",
    )
    .requiredOption('--out <dir>', 'folder to write to')
    .addOption(new Option('--only <kind>', 'draw only these').choices(['latency', 'layout']))
    .addOption(new Option('--strategy <name>', 'layout of this strategy alone').choices([...strategies]))
    .option('--servers <n>', 'satellites that share the chunks of a block', anyNumber, servers)
    .option('--slots <n>', 'satellites in one plane', anyNumber, torus.slots)
    .option('--planes <n>', 'orbital planes', anyNumber, torus.planes)
    .addOption(
      new Option('--centre <slot,plane>', 'the centre before the first rotation')
        .argParser(slotAndPlane)
        .default(centre, `${centre.slot},${centre.plane}`),
    )
    .option('--rotations <n>', 'rotations since then', anyNumber, 0)
    .option('--kvc-bytes <n>', 'size of the block, bytes', anyNumber, kvcBytes)
    .option('--chunk-bytes <n>', 'size of a chunk, bytes', anyNumber, chunkBytes)
    .option('--los-slots <n>', 'slots of the LOS window', anyNumber, 3)
    .option('--los-planes <n>', 'planes of the LOS window', anyNumber, 3)
    .option('--no-titles', 'leave title and small print to the caption')
    .option(
      '--dpi <n>',
      'pixels an inch of PNG files',
      wholeNumber(dpiLimits.least, dpiLimits.most),
      defaultDpi,
    )
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory simulate figures --out figures
  skymemory simulate figures --out figures --only layout --strategy hop_rotation --servers 25 --slots 19 --planes 5 --centre 9,2 --rotations 3
  skymemory simulate figures --out figures --only latency --no-titles --dpi 600`,
    )
    .action(async (options: FiguresOptions) => {
      const { terminal, installation } = context()
      const figures = [
        ...(options.only === 'layout' ? [] : latencySvgs(options)),
        ...(options.only === 'latency' ? [] : layoutSvgs(options)),
      ]
      const directory = resolve(options.out)
      await requireWritable(directory)
      const files = await writeFigures(figures, directory, installation.figuresDirectory, options.dpi)
      if (options.json) return terminal.out(JSON.stringify({ directory, files }))
      for (const file of files) terminal.out(file)
      terminal.out(directory)
    })
}

function latencySvgs({ titles }: FiguresOptions): NamedSvg[] {
  return paperFigures().map((figure) => ({ name: figure.name, svg: lineFigureSvg(figure, { titles }) }))
}

function layoutSvgs(options: FiguresOptions): NamedSvg[] {
  const { slots, planes, titles } = options
  return (options.strategy ? [options.strategy] : strategies).map((strategy) => {
    const figure = layoutFigure({ ...options, strategy, torus: { slots, planes } })
    return { name: figure.name, svg: layoutFigureSvg(figure, { titles }) }
  })
}
