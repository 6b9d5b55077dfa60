import type { ParsedState } from './parse-state'
import { badState, bytesPerToken, type LayerLayout } from './state-layout'

/**
 * The payload of one block of a prompt: for each layer its key rows in the order of positions, then for each layer its value rows.
 * @param bytes the state file that `state` was read from
 * @throws SkyError engine_failed when the state does not hold the whole block, or is of another file
 */
export function sliceBlock(
  state: ParsedState,
  bytes: Uint8Array,
  block: number,
  blockTokens: number,
): Uint8Array {
  if (bytes.byteLength !== state.byteLength) {
    throw badState(`it was read from ${state.byteLength} B, and ${bytes.byteLength} B are given`)
  }
  if (!Number.isSafeInteger(block) || block < 0 || !Number.isSafeInteger(blockTokens) || blockTokens < 1) {
    throw badState(`there is no block ${block} of ${blockTokens} tokens`)
  }
  const first = block * blockTokens
  if (first + blockTokens > state.cellOfPosition.length) {
    throw badState(`it holds ${state.cellOfPosition.length} positions, not block ${block} of ${blockTokens}`)
  }
  const runs = runsOfCells(state.cellOfPosition, first, blockTokens)
  const payload = new Uint8Array(blockTokens * bytesPerToken(state.layout))
  let to = 0
  const copyRows = (offset: number, rowBytes: number): void => {
    for (const { cell, cells } of runs) {
      const from = offset + cell * rowBytes
      payload.set(bytes.subarray(from, from + cells * rowBytes), to)
      to += cells * rowBytes
    }
  }
  for (const [i, offset] of state.keys.entries()) copyRows(offset, layerOf(state, i).keyRowBytes)
  for (const [i, offset] of state.values.entries()) copyRows(offset, layerOf(state, i).valueRowBytes)
  return payload
}

const layerOf = (state: ParsedState, layer: number): LayerLayout => state.layout[layer] as LayerLayout

interface Run {
  readonly cell: number
  readonly cells: number
}

/** Positions whose cells follow each other are copied together: usually all of them. */
function runsOfCells(cellOfPosition: Int32Array, first: number, positions: number): Run[] {
  const runs: { cell: number; cells: number }[] = []
  for (let position = first; position < first + positions; position++) {
    const cell = cellOfPosition[position] as number
    const last = runs.at(-1)
    if (last !== undefined && last.cell + last.cells === cell) last.cells += 1
    else runs.push({ cell, cells: 1 })
  }
  return runs
}
