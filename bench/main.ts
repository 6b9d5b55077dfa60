import { execFileSync } from 'node:child_process'
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

const mostReportBytes = 64 * 1024 * 1024
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
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  platform: `${platform()} ${arch()}`,
  node: process.versions.node,
}

/** In a process of its own: what one section leaves in memory would slow the next one down. */
function measureApart(name: string): unknown {
  process.stderr.write(`${name} …\n`)
  const command = [process.argv[1] as string, '--only', name]
  const report = execFileSync(process.execPath, command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: mostReportBytes,
  })
  return (JSON.parse(report) as Record<string, unknown>)[name]
}

const isChosen = ([name]: [string, unknown]): boolean => asked.includes(name)
const report: Record<string, unknown> = { machine }
for (const [name, measure] of Object.entries(sections).filter(isChosen)) {
  report[name] = asked.length === 1 ? await measure() : measureApart(name)
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
