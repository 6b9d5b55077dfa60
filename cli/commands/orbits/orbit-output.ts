import { stringify } from 'csv-stringify/sync'
import { satelliteIndex, type Position } from '#shared/constellation/torus'
import type { BuiltSky } from '#shared/constellation/orbits/build-sky'
import type { SkySample, WatchReport } from '#shared/constellation/orbits/watch-report'
import { fixed, table } from '../../output/table'

/** What is printed: the sky, what was seen of it, and when second 0 is (null where no time was named). */
export interface Watched {
  readonly built: BuiltSky
  readonly startMs: number | null
  readonly durationS: number
  readonly report: WatchReport
}

/** Everything as one line of JSON; columns of the CSV have the same names. */
export function orbitJson(watched: Watched): string {
  const { built, startMs, durationS, report } = watched
  const { torus, warnings, absentLinks } = built.sky
  return JSON.stringify({
    orbits: built.kind,
    slots: torus.slots,
    planes: torus.planes,
    satellites: torus.slots * torus.planes,
    absentLinks: absentLinks.length,
    warnings,
    start: startMs === null ? null : new Date(startMs).toISOString(),
    durationS,
    gapS: report.gapS,
    samples: report.samples.map((sample) => record(watched, sample)),
    handovers: report.handovers,
  })
}

/** RFC 4180, without the line break at the end. */
export function orbitCsv(watched: Watched): string {
  const records = watched.report.samples.map((sample) => record(watched, sample))
  return stringify(records, { header: true, record_delimiter: 'windows' }).replace(/\r\n$/, '')
}

/** One sample, flat. */
function record({ built, startMs }: Watched, sample: SkySample) {
  const { centre } = sample
  return {
    t_s: sample.tS,
    time: startMs === null ? null : new Date(startMs + sample.tS * 1000).toISOString(),
    epoch: sample.epoch,
    centre_slot: centre?.slot ?? null,
    centre_plane: centre?.plane ?? null,
    satellite: nameOf(built, centre),
    in_sight: sample.inSight,
    elevation_deg: sample.elevationDeg,
    slant_m: sample.slantM,
  }
}

function nameOf(built: BuiltSky, centre: Position | null): string | null {
  if (built.kind !== 'tle' || centre === null) return null
  return built.sky.names[satelliteIndex(built.sky.torus, centre)] ?? null
}

/** For people: the samples as a table, and below it what happened over the whole time. */
export function orbitTable(watched: Watched): string {
  const { built, durationS, report } = watched
  const rows = report.samples.map((sample) => {
    const { time, satellite } = record(watched, sample)
    const { tS, epoch, centre, inSight, elevationDeg, slantM } = sample
    const at = centre === null ? 'none' : `${centre.slot},${centre.plane}`
    return [
      tS,
      time,
      epoch,
      at,
      satellite,
      inSight,
      fixed(elevationDeg, 2),
      fixed(kilometres(slantM), 1),
    ] as const
  })
  const head = ['t s', 'time', 'epoch', 'centre', 'satellite', 'in sight', 'elevation °', 'slant km']
  const shown = head.map((_, column) => rows.some((row) => row[column] !== null))
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, column) => shown[column])
  const { torus } = built.sky
  const { handovers, gapS } = report
  const counts = `${torus.planes} planes of ${torus.slots}; hand-overs in ${durationS} s: ${handovers.length}; without a centre: ${gapS} s`
  return `${table(kept(head), rows.map(kept))}\n${counts}${deltas(report)}`
}

const kilometres = (metres: number | null): number | null => (metres === null ? null : metres / 1000)

const deltasShown = 6

/** How hand-overs move the centre, the most frequent first: slots,planes. */
function deltas({ handovers }: WatchReport): string {
  if (handovers.length === 0) return ''
  const counts = new Map<string, number>()
  for (const { deltaSlots, deltaPlanes } of handovers) {
    const delta = `${deltaSlots},${deltaPlanes}`
    counts.set(delta, (counts.get(delta) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  const shown = sorted.slice(0, deltasShown).map(([delta, count]) => `${delta} (${count}x)`)
  const rest = sorted.length > deltasShown ? ', …' : ''
  return `\nthe centre moves by slots,planes: ${shown.join(', ')}${rest}`
}
