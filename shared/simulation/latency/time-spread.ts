/** How the times of a block's servers are spread, s. */
export interface TimeSpread {
  /** The slowest server's time: that is the block's. */
  readonly maxS: number
  readonly minS: number
  readonly meanS: number
  /** Population standard deviation, as in the paper's tables. */
  readonly stdS: number
  /** Standard error: standard deviation / sqrt(servers). */
  readonly seS: number
}

/** The spread of the first `count` times; `count` is at least 1. */
export function timeSpread(timesS: Float64Array, count: number): TimeSpread {
  let maxS = -Infinity
  let minS = Infinity
  let sum = 0
  for (let server = 0; server < count; server++) {
    const time = timesS[server] as number
    if (time > maxS) maxS = time
    if (time < minS) minS = time
    sum += time
  }
  const meanS = sum / count
  let squares = 0
  for (let server = 0; server < count; server++) {
    const deviation = (timesS[server] as number) - meanS
    squares += deviation * deviation
  }
  const stdS = Math.sqrt(squares / count)
  return { maxS, minS, meanS, stdS, seS: stdS / Math.sqrt(count) }
}
