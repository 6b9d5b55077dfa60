import { badState, bytesPerToken, stateMagic, stateVersion, type StateLayout } from './state-layout'

/**
 * The state file of a sequence that has evaluated the first blocks of a prompt: header of our own, rows of the blocks.
 * Returned in parts, in the order of the file, so that the rows need not be copied.
 * @param tokens the prompt's, of exactly these blocks
 * @param blocks payloads as `sliceBlock` makes them, from the first block on
 * @throws SkyError engine_failed when something has another length than the layout says: nothing of it is used then
 */
export function assembleState(
  layout: StateLayout,
  tokens: readonly number[],
  blocks: readonly Uint8Array[],
  blockTokens: number,
): Uint8Array[] {
  const blockBytes = blockTokens * bytesPerToken(layout)
  if (tokens.length !== blocks.length * blockTokens) {
    throw badState(`${tokens.length} tokens are not ${blocks.length} blocks of ${blockTokens}`)
  }
  for (const [i, block] of blocks.entries()) {
    if (block.byteLength !== blockBytes) {
      throw badState(`block ${i} has ${block.byteLength} B instead of ${blockBytes} B`)
    }
  }
  const parts = [head(layout, tokens)]
  let offset = 0
  for (const { keyType, keyRowBytes } of layout) {
    parts.push(rowHead(keyType, keyRowBytes))
    // One by one: a call takes only so many arguments.
    for (const rows of rowsOf(blocks, offset, keyRowBytes * blockTokens)) parts.push(rows)
    offset += keyRowBytes * blockTokens
  }
  for (const { valueType, valueRowBytes } of layout) {
    parts.push(rowHead(valueType, valueRowBytes))
    for (const rows of rowsOf(blocks, offset, valueRowBytes * blockTokens)) parts.push(rows)
    offset += valueRowBytes * blockTokens
  }
  return parts
}

function head(layout: StateLayout, tokens: readonly number[]): Uint8Array {
  const cells = tokens.length
  const numbers = [stateMagic, stateVersion, cells, ...tokens, 1, cells]
  for (let position = 0; position < cells; position++) numbers.push(position, 1, 0)
  numbers.push(0, layout.length)
  const bytes = new Uint8Array(numbers.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [i, number] of numbers.entries()) view.setUint32(i * 4, number, true)
  return bytes
}

function rowHead(type: number, rowBytes: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, type, true)
  view.setBigUint64(4, BigInt(rowBytes), true)
  return bytes
}

const rowsOf = (blocks: readonly Uint8Array[], offset: number, bytes: number): Uint8Array[] =>
  blocks.map((block) => block.subarray(offset, offset + bytes))
