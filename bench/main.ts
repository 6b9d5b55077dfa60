import { arch, cpus, platform, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
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

type WindowCommand = Parameters<typeof benchWindow>[0]

const appCommand = process.env['SKYMEMORY_APP_COMMAND']
const sections = {
  placement: benchPlacement,
  orbits: benchOrbits,
  replay: benchReplay,
  latencyModel: benchLatencyModel,
  simulation: benchSimulation,
  memory: benchMemory,
  fetchBlock: benchFetchBlock,
  upload: benchUpload,
  provisioning: benchProvisioning,
  llama: () => benchLlama(),
  window: () => (appCommand === undefined ? null : benchWindow(JSON.parse(appCommand) as WindowCommand)),
}

/**
 * `npm run bench [-- --only a,b]`: runs benchmarks and prints one JSON report. Ratios are taken within this run; times depend on
 * the machine.
 */
const { values } = parseArgs({ options: { only: { type: 'string' } } })
const asked = values.only?.split(',') ?? Object.keys(sections)
const unknown = asked.filter((name) => !(name in sections))
if (unknown.length > 0) {
  process.stderr.write(
    `There is no ${unknown.join(', ')}; --only takes a list of ${Object.keys(sections).join(', ')}.\n`,
  )
  process.exit(1)
}
const report: Record<string, unknown> = {
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
  },
}
for (const [name, measure] of Object.entries(sections)) {
  if (!asked.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  report[name] = await measure()
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
