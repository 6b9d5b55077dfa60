import { neighbour, type Link } from '../../constellation/routing'
import { onTorus, positionOf, satelliteIndex, type Position, type Torus } from '../../constellation/torus'
import { parseFailureList } from '../../experiment/failure-list'
import type { ParameterValues } from '../../experiment/parameters'
import { randomStreams, type RandomStream } from '../../workload/random'

/** Something fails, or is repaired. */
export interface FailureChange {
  readonly atMs: number
  readonly failed: boolean
  readonly part:
    | { readonly kind: 'satellite'; readonly satellite: Position }
    | { readonly kind: 'link'; readonly link: Link }
}

const hourMs = 3_600_000
const infinitely = Infinity

/** A random number with an exponential distribution of this mean. */
const exponential = (mean: number, random: RandomStream): number => -mean * Math.log(1 - random.real())

/**
 * Everything that fails and is repaired during a trial, in the order of time, without end. At any moment, each of N parts
 * that work fails after an exponentially distributed time of the mean `mtbf`; the next failure of all comes after one of
 * the mean mtbf / N, and hits any of them alike (a part that has failed already is passed over, as one that works has no
 * memory). So the cost is that of the failures that happen, whatever the size of the constellation.
 */
export class FailureSchedule {
  readonly #sources: Iterator<FailureChange, undefined>[]
  readonly #next: (FailureChange | undefined)[]

  constructor(torus: Torus, parameters: ParameterValues, seed: number) {
    // Streams far behind those of the workload, so that failures do not depend on the number of sessions.
    const streams = randomStreams((seed ^ 0x5eed_fa11) >>> 0)
    const satellites = streams.next().value
    const links = streams.next().value
    const { satellite_mtbf_h, satellite_mttr_h, link_mtbf_h, link_mttr_h, failures } = parameters
    const count = torus.slots * torus.planes
    const partOfLink = linkPicker(torus)
    this.#sources = [
      listedChanges(torus, failures),
      randomChanges(satellite_mtbf_h * hourMs, satellite_mttr_h * hourMs, count, satellites, (index) => ({
        kind: 'satellite',
        satellite: positionOf(torus, index),
      })),
      randomChanges(link_mtbf_h * hourMs, link_mttr_h * hourMs, partOfLink.count, links, partOfLink.at),
    ]
    this.#next = this.#sources.map((source) => source.next().value)
  }

  /** Whether anything fails at all. */
  static isEmpty({ satellite_mtbf_h, link_mtbf_h, failures }: ParameterValues): boolean {
    return satellite_mtbf_h === 0 && link_mtbf_h === 0 && failures.trim() === 'none'
  }

  /** The next change, or null when there is none any more. */
  next(): FailureChange | null {
    let earliest = 0
    this.#next.forEach((change, source) => {
      if ((change?.atMs ?? infinitely) < (this.#next[earliest]?.atMs ?? infinitely)) earliest = source
    })
    const change = this.#next[earliest]
    if (change === undefined) return null
    this.#next[earliest] = this.#sources[earliest]?.next().value
    return change
  }
}

type Part = FailureChange['part']

function* listedChanges(torus: Torus, text: string): Generator<FailureChange, undefined> {
  const changes = parseFailureList(text).flatMap((failure): FailureChange[] => {
    const part: Part =
      failure.kind === 'satellite'
        ? { kind: 'satellite', satellite: failure.satellite }
        : { kind: 'link', link: failure.link }
    if (!onTorus(torus, part.kind === 'satellite' ? part.satellite : part.link)) return []
    return [
      { atMs: failure.atS * 1000, failed: true, part },
      { atMs: (failure.atS + failure.forS) * 1000, failed: false, part },
    ]
  })
  changes.sort((a, b) => a.atMs - b.atMs)
  yield* changes
  return undefined
}

function* randomChanges(
  mtbfMs: number,
  mttrMs: number,
  parts: number,
  random: RandomStream,
  partAt: (index: number) => Part,
): Generator<FailureChange, undefined> {
  if (mtbfMs === 0 || parts === 0) return undefined
  const repairs: { readonly atMs: number; readonly index: number }[] = []
  const failed = new Set<number>()
  let failsAtMs = exponential(mtbfMs / parts, random)
  for (;;) {
    const repair = repairs[0]
    if (repair !== undefined && repair.atMs <= failsAtMs) {
      repairs.shift()
      failed.delete(repair.index)
      yield { atMs: repair.atMs, failed: false, part: partAt(repair.index) }
      continue
    }
    const index = random.below(parts)
    const repairMs = exponential(mttrMs, random)
    if (!failed.has(index)) {
      failed.add(index)
      repairs.push({ atMs: failsAtMs + repairMs, index })
      repairs.sort((a, b) => a.atMs - b.atMs)
      yield { atMs: failsAtMs, failed: true, part: partAt(index) }
    }
    failsAtMs += exponential(mtbfMs / parts, random)
  }
}

/** All links of the torus by number: those along the planes first. */
function linkPicker(torus: Torus): { readonly count: number; readonly at: (index: number) => Part } {
  const origin = { slot: 0, plane: 0 }
  // In a direction that is two wide, both ends name the same link, and only the first counts.
  const perRing = (size: number, exists: boolean): number => (!exists ? 0 : size === 2 ? 1 : size)
  const alongPlane = perRing(torus.slots, neighbour(torus, origin, 'slot+') !== null)
  const acrossPlanes = perRing(torus.planes, neighbour(torus, origin, 'plane+') !== null)
  const slotLinks = alongPlane * torus.planes
  const at = (index: number): Part => {
    if (index < slotLinks) {
      const plane = Math.floor(index / alongPlane)
      return { kind: 'link', link: { slot: index - plane * alongPlane, plane, direction: 'slot' } }
    }
    const rest = index - slotLinks
    const slot = Math.floor(rest / acrossPlanes)
    return { kind: 'link', link: { slot, plane: rest - slot * acrossPlanes, direction: 'plane' } }
  }
  return { count: slotLinks + acrossPlanes * torus.slots, at }
}

/** Parts that have failed, kept up to date by changes; several failures of a part end with the last repair. */
export class FailedParts {
  readonly #torus: Torus
  readonly #satellites = new Map<number, number>()
  readonly #links = new Map<string, { link: Link; times: number }>()

  constructor(torus: Torus) {
    this.#torus = torus
  }

  apply({ failed, part }: FailureChange): void {
    const step = failed ? 1 : -1
    if (part.kind === 'satellite') {
      const index = satelliteIndex(this.#torus, part.satellite)
      const times = (this.#satellites.get(index) ?? 0) + step
      if (times > 0) this.#satellites.set(index, times)
      else this.#satellites.delete(index)
      return
    }
    const { link } = part
    const key = `${link.slot},${link.plane},${link.direction}`
    const times = (this.#links.get(key)?.times ?? 0) + step
    if (times > 0) this.#links.set(key, { link, times })
    else this.#links.delete(key)
  }

  get failures(): { satellites: Position[]; links: Link[] } {
    return {
      satellites: [...this.#satellites.keys()].map((index) => positionOf(this.#torus, index)),
      links: [...this.#links.values()].map(({ link }) => link),
    }
  }
}
