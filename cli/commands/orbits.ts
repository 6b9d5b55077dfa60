import { Option, type Command } from 'commander'
import { readTleFile } from '#lab/simulation/read-tle-file'
import { constellationPresetNames, constellationPresets } from '#shared/constellation/presets'
import { buildSky, type BuiltSky } from '#shared/constellation/orbits/build-sky'
import { handoverRules, passes } from '#shared/constellation/orbits/sky-views'
import { watch } from '#shared/constellation/orbits/watch-report'
import { SkyError } from '#shared/contract/errors'
import type { Terminal } from '../output/terminal'
import { anyNumber } from './options'
import {
  instant,
  latitudeAndLongitude,
  orbitsOf,
  seconds,
  type OrbitArguments,
} from './orbits/orbit-arguments'
import { orbitCsv, orbitJson, orbitTable } from './orbits/orbit-output'

/** Longer watches would keep too many views and rows in memory. */
const longestS = 31 * 86_400
const mostSamples = 100_000

export function orbitsCommand(program: Command, terminal: Terminal): void {
  program
    .command('orbits')
    .summary('say which satellites stand over a ground station as time goes on')
    .description(
      'Say which satellites stand over a ground station as time goes on: the centre, its elevation and distance, how many are in sight, and the hand-overs.',
    )
    .addOption(new Option('--preset <name>', 'a known constellation').choices(constellationPresetNames))
    .option('--walker <i:T/P/F>', 'a Walker constellation: inclination, satellites, planes, phasing')
    .option('--altitude <metres>', 'its altitude', anyNumber)
    .addOption(
      new Option(
        '--pattern <name>',
        'delta: planes all around; star: over half of the equator (default: delta)',
      ).choices(['delta', 'star']),
    )
    .option('--tle <file>', 'real satellites: a file of two-line element sets')
    .option('--inclination <degrees>', 'of the file, only satellites of about this inclination', anyNumber)
    .option(
      '--ground <lat,lon>',
      'the ground station, degrees, north and east positive',
      latitudeAndLongitude,
    )
    .option('--ground-altitude <metres>', 'its height (default: 0)', anyNumber)
    .option('--min-elevation <degrees>', 'lower satellites are out of sight (default: 25)', anyNumber)
    .addOption(
      new Option(
        '--handover <rule>',
        'highest: the centre is the highest satellite; hold: it stays until it is out of sight (default: highest)',
      ).choices([...handoverRules]),
    )
    .addOption(
      new Option(
        '--pass <half>',
        'which satellites may be the centre: any, or those on one half of their orbit (default: any)',
      ).choices([...passes]),
    )
    .option(
      '--start <time>',
      'time of second 0 (with --tle, by default that of the latest element set)',
      instant,
    )
    .option('--duration <seconds>', 'how long to watch', seconds(0, longestS), 600)
    .option('--step <seconds>', 'time between two rows', seconds(0.1, longestS), 10)
    .addOption(new Option('--json', 'print JSON, with every hand-over').default(false).conflicts('csv'))
    .option('--csv', 'print CSV', false)
    .addHelpText('after', help())
    .action(async (given: OrbitArguments) => {
      const options = orbitsOf(given)
      checkSamples(given)
      const built = buildSky(options, options.orbits === 'tle' ? await readTleFile(options.tle_file) : '')
      const report = watch(built.sky, {
        durationS: given.duration,
        everyS: given.step,
        elevationDeg:
          built.kind === 'torus' ? null : (satellite, tS) => built.sky.elevationDeg(satellite, tS),
      })
      for (const warning of built.sky.warnings) terminal.err(`warning: ${warning}`)
      const watched = { built, startMs: startOf(built, given), durationS: given.duration, report }
      terminal.out(given.json ? orbitJson(watched) : given.csv ? orbitCsv(watched) : orbitTable(watched))
    })
}

function startOf(built: BuiltSky, { start }: OrbitArguments): number | null {
  if (built.kind === 'tle') return built.startMs
  return start === undefined ? null : Date.parse(start)
}

function checkSamples({ duration, step }: OrbitArguments): void {
  const samples = Math.floor(duration / step) + 1
  if (samples <= mostSamples) return
  const message = `${duration} s in steps of ${step} s are ${samples} rows`
  throw new SkyError(
    'invalid_argument',
    message,
    `Choose a longer --step: at most ${mostSamples} rows are printed.`,
  )
}

function help(): string {
  const presets = constellationPresetNames.map(
    (name) => `  ${name.padEnd(11)} ${constellationPresets[name].source}`,
  )
  return `
Presets:
${presets.join('\n')}

The station looks at the sky every second. With --preset and --walker, the ascending node of plane 0 is at longitude 0
at second 0, whatever --start says; docs/orbits.md has the models.

Examples:
  skymemory orbits --preset starlink-1 --ground 40.0,-105.3 --min-elevation 25 --duration 300 --step 15
  skymemory orbits --preset oneweb --ground 47.4,8.5 --handover hold --duration 7200 --step 60 --json
  skymemory orbits --walker 53:1584/72/65 --altitude 550000 --ground 40,-105 --pass ascending --csv
  skymemory orbits --tle starlink.tle --ground 40,-105 --start 2026-01-02T00:00:00Z --duration 600`
}
