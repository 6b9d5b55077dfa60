/** A longer copy of an array where it is too short, the new entries filled; doubled at least, so that growing step by step stays cheap. */
export function grown(
  values: Int32Array<ArrayBuffer>,
  length: number,
  fill: number,
): Int32Array<ArrayBuffer> {
  if (length <= values.length) return values
  const longer = new Int32Array(Math.max(length, values.length * 2))
  longer.set(values)
  if (fill !== 0) longer.fill(fill, values.length)
  return longer
}
