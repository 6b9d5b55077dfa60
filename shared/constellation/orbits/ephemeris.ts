/** A point or direction in the frame that turns with Earth: x to the Greenwich meridian on the equator, z to the north pole. */
export interface Point {
  x: number
  y: number
  z: number
}

/** Where satellites are, m in the frame that turns with Earth. Times are s since the start. */
export interface Ephemeris {
  readonly count: number
  /** No satellite is ever farther from Earth's centre, m. */
  readonly maxRadiusM: number
  /** No satellite's direction, seen from Earth's centre, ever turns faster in this frame, rad/s. */
  readonly maxTurnRadPerS: number
  locate(satellite: number, tS: number, into: Point): void
  /** Whether it is on the ascending half of its orbit. */
  isAscending(satellite: number, tS: number): boolean
}

export const origin = (): Point => ({ x: 0, y: 0, z: 0 })

export function lengthOf({ x, y, z }: Readonly<Point>): number {
  return Math.sqrt(x * x + y * y + z * z)
}

export function distanceBetween(a: Readonly<Point>, b: Readonly<Point>): number {
  const [x, y, z] = [a.x - b.x, a.y - b.y, a.z - b.z]
  return Math.sqrt(x * x + y * y + z * z)
}
