const replacement = 0xfffd
/** Code points that are turned into text at a time: arguments of one call. */
const batch = 4_096

/** Text of UTF-8 bytes; each byte that is not part of a valid sequence becomes U+FFFD. For layers without a TextDecoder. */
export function utf8Text(bytes: Uint8Array): string {
  let text = ''
  let points: number[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] as number
    if (first < 0x80) {
      points.push(first)
      at++
    } else {
      const { point, length } = pointAt(bytes, at)
      points.push(point)
      at += length
    }
    if (points.length === batch) {
      text += String.fromCodePoint(...points)
      points = []
    }
  }
  return text + String.fromCodePoint(...points)
}

/** The code point at a byte of 128 or more. */
function pointAt(bytes: Uint8Array, at: number): { point: number; length: number } {
  const first = bytes[at] as number
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const invalid = { point: replacement, length: 1 }
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return invalid
  let point = first & (0x7f >> length)
  for (let next = at + 1; next < at + length; next++) {
    const byte = bytes[next] as number
    if ((byte & 0xc0) !== 0x80) return invalid
    point = (point << 6) | (byte & 0x3f)
  }
  const smallest = length === 4 ? 0x10000 : length === 3 ? 0x800 : 0x80
  const isSurrogate = point >= 0xd800 && point <= 0xdfff
  return point < smallest || point > 0x10ffff || isSurrogate ? invalid : { point, length }
}
