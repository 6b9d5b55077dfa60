const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The bits of the nearest IEEE 754 half-precision number (ties to even); too large numbers become infinite. */
export function halfFloat(value: number): number {
  float[0] = value
  const single = bits[0] as number
  const sign = (single >>> 16) & 0x8000
  const magnitude = single & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 65,520 and more round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24.
    const multiple = Math.abs(float[0]) * 2 ** 24
    const below = Math.floor(multiple)
    const rest = multiple - below
    return sign | (below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0))
  }
  // Bias 127 becomes 15, and of 23 bits 10 are kept; a carry runs into the exponent, as it should.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000
  return sign | (rounded >>> 13)
}
