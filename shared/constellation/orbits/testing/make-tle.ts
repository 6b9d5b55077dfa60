import { earthRadiusM } from '../../geometry'
import { orbitalPeriodS } from '../earth'
import { tleChecksum } from '../tle-file'
import { nodeDeg, startLatitudeDeg, type Walker } from '../walker'

export interface Elements {
  readonly catalogueNumber: number
  readonly name: string
  /** Day of the year 2026, from 1 on, with its fraction. */
  readonly epochDay: number
  readonly inclinationDeg: number
  readonly nodeDeg: number
  readonly meanAnomalyDeg: number
  readonly revolutionsPerDay: number
}

/** The two lines of a circular orbit without drag, in the columns of the format, with checksums. */
export function tleLines(elements: Elements): [string, string] {
  const number = String(elements.catalogueNumber).padStart(5, '0')
  const angle = (degrees: number): string => (((degrees % 360) + 360) % 360).toFixed(4).padStart(8)
  const day = elements.epochDay.toFixed(8).padStart(12, '0')
  const line1 = `1 ${number}U 26001A   26${day}  .00000000  00000-0  00000-0 0  999`
  const revolutions = elements.revolutionsPerDay.toFixed(8).padStart(11)
  const line2 = `2 ${number} ${angle(elements.inclinationDeg)} ${angle(elements.nodeDeg)} 0000001 ${angle(0)} ${angle(elements.meanAnomalyDeg)} ${revolutions}    1`
  return [line1 + String(tleChecksum(line1)), line2 + String(tleChecksum(line2))]
}

/** The time of all element sets of `walkerTle`: 2026-01-02, 00:00 UTC. */
export const walkerTleStartMs = Date.UTC(2026, 0, 2)

/** A file of a Walker constellation; catalogue number and name say which satellite it is: plane * slots + slot. */
export function walkerElements(walker: Walker): Elements[] {
  const { slots, planes } = walker.torus
  const revolutionsPerDay = 86_400 / orbitalPeriodS(earthRadiusM + walker.altitudeM)
  return Array.from({ length: slots * planes }, (_, satellite) => ({
    catalogueNumber: satellite + 1,
    name: `SAT-${satellite}`,
    epochDay: 2,
    inclinationDeg: walker.inclinationDeg,
    nodeDeg: nodeDeg(walker, Math.floor(satellite / slots)),
    meanAnomalyDeg: startLatitudeDeg(walker, satellite % slots, Math.floor(satellite / slots)),
    revolutionsPerDay,
  }))
}

export function tleFile(satellites: readonly Elements[]): string {
  return satellites.map((elements) => `${elements.name}\n${tleLines(elements).join('\n')}\n`).join('')
}
