import { stateMagic, stateVersion, type StateLayout } from '../state-layout'

export interface StateFile {
  readonly layout: StateLayout
  readonly tokens: readonly number[]
  /** Position of each cell, in the order of cells. */
  readonly positions: readonly number[]
  /** Byte of a key or value row, so that every row can be told apart. */
  readonly keyByte: (layer: number, position: number, byte: number) => number
  readonly valueByte: (layer: number, position: number, byte: number) => number
}

/** A state file written row by row from its description: another way than the one under test. */
export function stateFile({ layout, tokens, positions, keyByte, valueByte }: StateFile): Uint8Array {
  const bytes: number[] = []
  const u32 = (value: number): void => {
    for (let shift = 0; shift < 32; shift += 8) bytes.push((value >>> shift) & 255)
  }
  const u64 = (value: number): void => {
    u32(value)
    u32(0)
  }
  ;[stateMagic, stateVersion, tokens.length, ...tokens, 1, positions.length].forEach(u32)
  for (const position of positions) [position, 1, 0].forEach(u32)
  u32(0)
  u32(layout.length)
  const rows = (type: number, rowBytes: number, byte: (position: number, at: number) => number): void => {
    u32(type)
    u64(rowBytes)
    for (const position of positions) {
      for (let at = 0; at < rowBytes; at++) bytes.push(byte(position, at) & 255)
    }
  }
  for (const [l, { keyType, keyRowBytes }] of layout.entries()) {
    rows(keyType, keyRowBytes, (position, at) => keyByte(l, position, at))
  }
  for (const [l, { valueType, valueRowBytes }] of layout.entries()) {
    rows(valueType, valueRowBytes, (position, at) => valueByte(l, position, at))
  }
  return Uint8Array.from(bytes)
}
