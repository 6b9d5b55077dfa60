import type { ConstellationSnapshot } from '#shared/contract/console-api'

/** Events a second between two snapshots; element i belongs to satellite i of the newer one. */
export interface SatelliteRates {
  readonly gets: Float64Array
  readonly sets: Float64Array
  readonly forwarded: Float64Array
  /** The largest sum of the three over all satellites; at least 1, to divide by. */
  readonly busiest: number
}

/**
 * Rates from the counters and the times at which the engine read them. A counter that went back was reset by a new trial:
 * then what it shows now has happened since.
 */
export function satelliteRates(
  older: ConstellationSnapshot,
  newer: ConstellationSnapshot,
): SatelliteRates | null {
  const seconds = (newer.at - older.at) / 1000
  if (seconds <= 0) return null
  const before = new Map(older.satellites.map((one) => [one.plane * older.slots + one.slot, one]))
  const count = newer.satellites.length
  const rates = {
    gets: new Float64Array(count),
    sets: new Float64Array(count),
    forwarded: new Float64Array(count),
  }
  let busiest = 1
  newer.satellites.forEach((now, index) => {
    const then = before.get(now.plane * newer.slots + now.slot)
    let sum = 0
    for (const counter of ['gets', 'sets', 'forwarded'] as const) {
      const past = then?.[counter] ?? 0
      const grown = now[counter] >= past ? now[counter] - past : now[counter]
      rates[counter][index] = grown / seconds
      sum += grown / seconds
    }
    busiest = Math.max(busiest, sum)
  })
  return { ...rates, busiest }
}
