import { entryOf } from '#shared/constellation/orbits/entry'
import type { GroundStation } from '#shared/constellation/orbits/ground-station'
import type { Sky } from '#shared/constellation/orbits/sky'
import { parseTle } from '#shared/constellation/orbits/tle-file'
import { tleSky } from '#shared/constellation/orbits/tle-sky'
import { tleFile, walkerElements, walkerTleStartMs } from '#shared/constellation/orbits/testing/make-tle'
import { walkerSky } from '#shared/constellation/orbits/walker-sky'
import type { Walker } from '#shared/constellation/orbits/walker'
import { noFailures } from '#shared/constellation/routing'
import { positionOf, satelliteIndex } from '#shared/constellation/torus'

export interface SkyReport {
  readonly model: 'walker' | 'sgp4'
  readonly satellites: number
  /** Until the first view is there, ms. */
  readonly startMs: number
  /** Mean satellites in the window. */
  readonly inSight: number
  /** Views of an hour, asked for in the order of time: mean microseconds of one second of the sky. */
  readonly skySecondUs: number
  /** One question each, at times that go on: mean microseconds. */
  readonly viewUs: number
  readonly groundDistanceUs: number
  readonly linkDistanceUs: number
  readonly entryUs: number
}

const station: GroundStation = { latitudeDeg: 40, longitudeDeg: -105, altitudeM: 1600, minElevationDeg: 25 }
const watching = { handover: 'highest', pass: 'any', stepS: 1 } as const
const watchedS = 3600
const questions = 200_000

/** The sky over one station: Starlink's first shell, and 10,000 satellites, which should cost a question no more. */
export function benchOrbits(): SkyReport[] {
  const shells = [
    { slots: 22, planes: 72, phasing: 65 },
    { slots: 100, planes: 100, phasing: 1 },
  ]
  return shells.flatMap(({ slots, planes, phasing }) => {
    const walker: Walker = {
      torus: { slots, planes },
      pattern: 'delta',
      altitudeM: 550_000,
      inclinationDeg: 53,
      phasing,
    }
    const sets = parseTle(tleFile(walkerElements(walker)), 'bench')
    const real = { sets, startMs: walkerTleStartMs, inclinationDeg: null, station, watching }
    return [
      measure('walker', () => walkerSky(walker, station, watching)),
      measure('sgp4', () => tleSky(real)),
    ]
  })
}

function measure(model: SkyReport['model'], make: () => Sky): SkyReport {
  // Once to warm up, so that the first shell pays for no compilation.
  hour(make())
  const start = performance.now()
  const sky = make()
  sky.viewAt(0)
  const startMs = performance.now() - start

  const hourStart = performance.now()
  const inSight = hour(sky)
  const skySecondUs = ((performance.now() - hourStart) * 1000) / watchedS

  const satellites = sky.torus.slots * sky.torus.planes
  const inWindow = (i: number, tS: number): number => {
    const { window } = sky.viewAt(tS)
    return window.length === 0 ? 0 : (window[i % window.length] as number)
  }
  const viewUs = perQuestion((i, tS) => inWindow(i, tS))
  return {
    model,
    satellites,
    startMs,
    inSight,
    skySecondUs,
    viewUs,
    groundDistanceUs: perQuestion((i, tS) => sky.groundDistanceM(inWindow(i, tS), tS)) - viewUs,
    linkDistanceUs:
      perQuestion((i, tS) => {
        const near = inWindow(i, tS)
        const next = near % sky.torus.slots === 0 ? near + 1 : near - 1
        return sky.linkDistanceM(near, next, tS)
      }) - viewUs,
    entryUs: perQuestion((i, tS) => {
      const { window, placementCentre } = sky.viewAt(tS)
      const centre = placementCentre === null ? i % satellites : satelliteIndex(sky.torus, placementCentre)
      const to = positionOf(sky.torus, (centre + i) % satellites)
      return entryOf(sky.torus, window, to, noFailures) ?? 0
    }),
  }
}

/** Goes through all views of an hour; mean satellites in the window. */
function hour(sky: Sky): number {
  let seen = 0
  for (let view = sky.viewAt(0); view.fromS < watchedS; view = sky.viewAt(view.untilS)) {
    seen += view.window.length * (Math.min(view.untilS, watchedS) - view.fromS)
  }
  return seen / watchedS
}

function perQuestion(ask: (i: number, tS: number) => number): number {
  let sum = 0
  const start = performance.now()
  for (let i = 0; i < questions; i++) sum += ask(i, (i * watchedS) / questions)
  const elapsedUs = (performance.now() - start) * 1000
  if (!Number.isFinite(sum)) throw new Error('a distance is no number')
  return elapsedUs / questions
}
