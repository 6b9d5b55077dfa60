import { Option, type Command } from 'commander'
import type { Position } from '#shared/constellation/torus'
import { placement, strategies, type Strategy } from '#shared/placement/placement'
import type { Terminal } from '../output/terminal'
import { table } from '../output/table'
import { slotAndPlane, wholeNumber } from './options'

interface PlaceOptions {
  strategy: Strategy
  servers: number
  slots: number
  planes: number
  centre: Position
  rotations: number
  json: boolean
}

export function placeCommand(program: Command, terminal: Terminal): void {
  program
    .command('place')
    .summary('say which satellites a placement strategy chooses')
    .description('Say which satellites a placement strategy chooses. Slots, planes and servers count from 0.')
    .addOption(
      new Option('--strategy <name>', 'placement strategy').choices([...strategies]).makeOptionMandatory(),
    )
    .requiredOption('--servers <n>', 'satellites that share the chunks of a block', wholeNumber(1))
    .requiredOption('--slots <n>', 'satellites in one plane', wholeNumber(1))
    .requiredOption('--planes <n>', 'orbital planes', wholeNumber(1))
    .requiredOption('--centre <slot,plane>', 'the centre before the first rotation', slotAndPlane)
    .option('--rotations <n>', 'rotations since then', wholeNumber(0), 0)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory place --strategy rotation --servers 9 --slots 19 --planes 5 --centre 9,2
  skymemory place --strategy hop_rotation --servers 25 --slots 19 --planes 5 --centre 0,0 --rotations 3 --json`,
    )
    .action((options: PlaceOptions) => {
      const { strategy, servers, slots, planes, centre, rotations, json } = options
      const found = placement({ strategy, torus: { slots, planes }, centre, servers, rotations })
      const positions = found.map(({ slot, plane }, server) => ({ server, slot, plane }))
      if (json) terminal.out(JSON.stringify({ strategy, positions }))
      else
        terminal.out(
          table(
            ['server', 'slot', 'plane'],
            positions.map(({ server, slot, plane }) => [server, slot, plane]),
          ),
        )
    })
}
