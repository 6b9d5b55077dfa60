import type { Command } from 'commander'
import { lightSpeeds } from '#shared/constellation/geometry'
import type { LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { blockLatency, type BlockLatency } from '#shared/simulation/latency/latency'
import type { CommandContext } from '../../context'
import { table } from '../../output/table'
import { addLatencyOptions, configurationOf, type LatencyOptions } from './latency-options'

export function latencyCommand(simulate: Command, context: () => CommandContext): void {
  const command = simulate
    .command('latency')
    .summary("the paper's latency model for one configuration")
    .description(
      "How long the servers of one block take by the paper's latency model. Slots, planes and servers count from 0.",
    )
  addLatencyOptions(command)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  skymemory simulate latency --strategy rotation --servers 9 --slots 19 --planes 5 --centre 9,2 --kvc-bytes 2883584 --chunk-processing-time 0.002 --altitude 550000
  skymemory simulate latency --preset paper --strategy hop --servers 81 --slots 15 --planes 15 --centre 7,7 --kvc-bytes 22020096 --chunk-bytes 12288 --chunk-processing-time 0.02 --altitude 1920000 --json`,
    )
    .action((options: LatencyOptions & { json: boolean }) => {
      const configuration = configurationOf(options)
      const latency = blockLatency(configuration)
      const { terminal } = context()
      if (options.json) return terminal.out(JSON.stringify(latency))
      for (const line of report(configuration, latency)) terminal.out(line)
    })
}

function report({ preset, strategy }: LatencyConfiguration, latency: BlockLatency): string[] {
  const { perServer, maxS, minS, meanS, stdS, seS } = latency
  const rows = perServer.map(({ server, slot, plane, chunks, distanceM, timeS }) => [
    server,
    slot,
    plane,
    chunks,
    distanceM / 1000,
    timeS,
  ])
  const shown = rows.map((row) => row.map((cell, index) => (index < 4 ? cell : Number(cell.toPrecision(9)))))
  const way = strategy === 'hop' ? 'over links from the centre' : 'from the ground host'
  return [
    table(['server', 'slot', 'plane', 'chunks', 'distance km', 'time s'], shown),
    `max ${maxS} s, min ${minS} s, mean ${meanS} s, std ${stdS} s (population), se ${seS} s`,
    `Distances are ${way}; preset ${preset}: light travels ${lightSpeeds[preset]} m/s.`,
  ]
}
