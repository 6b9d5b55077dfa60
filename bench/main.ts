import { arch, cpus, platform, totalmem } from 'node:os'
import { benchFetchBlock } from './fetch-block'
import { benchLatencyModel } from './latency-model'
import { benchLlama } from './llama'
import { benchMemory } from './memory'
import { benchOrbits } from './orbits'
import { benchPlacement } from './placement'
import { benchProvisioning } from './provisioning'
import { benchReplay } from './replay'
import { benchSimulation } from './simulation'
import { benchUpload } from './upload'
import { benchWindow } from './window'

/** Runs every benchmark and prints one JSON report. Ratios are taken within this run; times depend on the machine. */
const appCommand = process.env['SKYMEMORY_APP_COMMAND']
const say = (what: string): boolean => process.stderr.write(`${what} …\n`)

say('placement')
const placement = benchPlacement()
say('orbits')
const orbits = benchOrbits()
say('replay')
const replay = await benchReplay()
say('latency model')
const latencyModel = benchLatencyModel()
say('simulation')
const simulation = benchSimulation()
say('memory of hosts')
const memory = await benchMemory()
say('fetch of a block')
const fetchBlock = await benchFetchBlock()
say('upload')
const upload = await benchUpload()
say('provisioning')
const provisioning = await benchProvisioning()
say('real model')
const llama = await benchLlama()
say('window')
const window =
  appCommand === undefined
    ? null
    : await benchWindow(JSON.parse(appCommand) as Parameters<typeof benchWindow>[0])

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  platform: `${platform()} ${arch()}`,
  node: process.versions.node,
}
process.stdout.write(
  `${JSON.stringify({ machine, placement, latencyModel, orbits, replay, simulation, memory, fetchBlock, upload, provisioning, llama, window }, null, 2)}\n`,
)
process.exit(0)
