import { Option, type Command } from 'commander'
import { lightSpeeds, type GeometryPreset } from '#shared/constellation/geometry'
import type { Position } from '#shared/constellation/torus'
import { strategies, type Strategy } from '#shared/placement/placement'
import type { LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { anyNumber, slotAndPlane } from '../options'

export const presets = Object.keys(lightSpeeds) as GeometryPreset[]

export function presetOption(): Option {
  const what =
    'speed of light: default is 299,792,458 m/s, paper is 2.998e8 m/s as in the tables of the authors'
  return new Option('--preset <name>', what).choices(presets).default('default' satisfies GeometryPreset)
}

/** What a command gets of the options that make one configuration. */
export interface LatencyOptions {
  readonly preset: GeometryPreset
  readonly strategy: Strategy
  readonly servers: number
  readonly slots: number
  readonly planes: number
  readonly centre: Position
  readonly rotations: number
  readonly kvcBytes: number
  readonly chunkBytes: number
  readonly chunkProcessingTime: number
  readonly altitude: number
}

/** Add the options of one configuration of the latency model. */
export function addLatencyOptions(command: Command): Command {
  return command
    .addOption(presetOption())
    .addOption(
      new Option('--strategy <name>', 'placement strategy').choices([...strategies]).makeOptionMandatory(),
    )
    .requiredOption('--servers <n>', 'satellites that share the chunks of a block', anyNumber)
    .requiredOption('--slots <n>', 'satellites in one plane', anyNumber)
    .requiredOption('--planes <n>', 'orbital planes', anyNumber)
    .requiredOption('--centre <slot,plane>', 'the centre before the first rotation', slotAndPlane)
    .option('--rotations <n>', 'rotations since then', anyNumber, 0)
    .requiredOption('--kvc-bytes <n>', 'size of the block, bytes', anyNumber)
    .option('--chunk-bytes <n>', 'size of a chunk, bytes', anyNumber, 12_288)
    .requiredOption('--chunk-processing-time <seconds>', 'what a server takes for one chunk', anyNumber)
    .requiredOption('--altitude <metres>', 'altitude of the constellation', anyNumber)
}

export function configurationOf(options: LatencyOptions): LatencyConfiguration {
  const { preset, strategy, servers, slots, planes, centre, rotations, kvcBytes, chunkBytes } = options
  return {
    preset,
    strategy,
    torus: { slots, planes },
    centre,
    rotations,
    servers,
    altitudeM: options.altitude,
    kvcBytes,
    chunkBytes,
    chunkProcessingTimeS: options.chunkProcessingTime,
  }
}
