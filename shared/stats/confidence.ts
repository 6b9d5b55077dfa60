import { mean } from './quantile'

/**
 * P(-t <= T <= t) of Student's t with an integer number of degrees of freedom, by its finite series
 * (Abramowitz & Stegun, 26.7.3 and 26.7.4): exact but for rounding.
 */
export function studentTCentral(t: number, degrees: number): number {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(degrees))
  const cosine2 = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let sum = odd && degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine2 * (k - 1)) / k
    sum += term
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}

/** The t that Student's t stays within, on both sides, with this probability. By bisection, to the last digits. */
export function studentTQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1) || !Number.isInteger(degrees) || degrees < 1) {
    throw new RangeError(`no Student t for probability ${probability} and ${degrees} degrees of freedom`)
  }
  let low = 0
  let high = 1
  while (studentTCentral(high, degrees) < probability) high *= 2
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return middle
    if (studentTCentral(middle, degrees) < probability) low = middle
    else high = middle
  }
}

export interface MeanInterval {
  readonly count: number
  readonly mean: number
  /** Half the width of the interval; null below two values, where nothing can be said. */
  readonly halfWidth: number | null
}

/** Sample standard deviation, with n - 1; null below two values. */
export function standardDeviation(values: ArrayLike<number>): number | null {
  const average = mean(values)
  if (average === null || values.length < 2) return null
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - average) ** 2
  return Math.sqrt(squares / (values.length - 1))
}

/**
 * Confidence interval of a mean, for independent values (the repeats of a cell, never the requests of one trial):
 * mean ± t(level, n-1) s / sqrt(n). Null without values.
 * @param level such as 0.95
 */
export function meanInterval(values: ArrayLike<number>, level = 0.95): MeanInterval | null {
  const average = mean(values)
  if (average === null) return null
  const count = values.length
  const deviation = standardDeviation(values)
  const halfWidth =
    deviation === null ? null : (studentTQuantile(level, count - 1) * deviation) / Math.sqrt(count)
  return { count, mean: average, halfWidth }
}
