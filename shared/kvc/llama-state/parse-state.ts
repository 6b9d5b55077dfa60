import { ByteCursor } from './byte-cursor'
import {
  badState,
  bytesPerToken,
  rowUnits,
  stateLimits,
  stateMagic,
  stateVersion,
  type LayerLayout,
  type StateLayout,
} from './state-layout'

/** What a state file holds, and where: nothing is copied. */
export interface ParsedState {
  readonly tokens: Int32Array
  /** Cell of every position, from 0 on without a gap. */
  readonly cellOfPosition: Int32Array
  readonly layout: StateLayout
  /** Byte offset of each layer's first key row. */
  readonly keys: readonly number[]
  readonly values: readonly number[]
  /** Of the whole file. */
  readonly byteLength: number
}

/**
 * Read a state file that holds the positions 0..n-1 of one sequence, each once.
 * @throws SkyError engine_failed for bytes that are no such file, whatever they are; never reads or allocates beyond them
 */
export function parseState(bytes: Uint8Array): ParsedState {
  const cursor = new ByteCursor(bytes)
  const magic = cursor.u32('the magic number')
  if (magic !== stateMagic) throw badState(`its magic number is 0x${magic.toString(16)}`)
  const version = cursor.u32('the version')
  if (version !== stateVersion)
    throw badState(`its version is ${version}; only ${stateVersion} is understood`)
  const tokens = readTokens(cursor)
  const cells = readStreams(cursor)
  if (cells !== tokens.length) throw badState(`it has ${cells} cells for ${tokens.length} tokens`)
  const { byteLength } = bytes
  const cellOfPosition = cells === 0 ? new Int32Array(0) : readCells(cursor, cells)
  if (cells === 0) {
    return atEnd(cursor, { tokens, cellOfPosition, layout: [], keys: [], values: [], byteLength })
  }
  if (cursor.u32('the order of values') !== 0) {
    throw badState('its values are transposed, as they are without flash attention')
  }
  const layers = cursor.count('the number of layers', stateLimits.layers)
  if (layers === 0) throw badState(`it has ${cells} cells, and no layer`)
  const keys = readRows(cursor, layers, cells, 'keys')
  const values = readRows(cursor, layers, cells, 'values')
  const layout = keys.map((key, i): LayerLayout => ({
    keyType: key.type,
    keyRowBytes: key.rowBytes,
    valueType: (values[i] as Rows).type,
    valueRowBytes: (values[i] as Rows).rowBytes,
  }))
  requireAttention(layout)
  return atEnd(cursor, {
    tokens,
    cellOfPosition,
    layout,
    keys: keys.map((rows) => rows.offset),
    values: values.map((rows) => rows.offset),
    byteLength,
  })
}

function readTokens(cursor: ByteCursor): Int32Array {
  const count = cursor.count('the number of tokens', stateLimits.tokens)
  cursor.ensure(count * 4, 'the tokens')
  return Int32Array.from({ length: count }, () => cursor.i32('the tokens'))
}

/** Cells of the only stream that may hold some. */
function readStreams(cursor: ByteCursor): number {
  const streams = cursor.u32('the number of streams')
  if (streams !== 1) throw badState(`it has ${streams} streams instead of one`)
  return cursor.count('the number of cells', stateLimits.tokens)
}

function readCells(cursor: ByteCursor, cells: number): Int32Array {
  cursor.ensure(cells * 12, 'the cells')
  const cellOfPosition = new Int32Array(cells).fill(-1)
  for (let cell = 0; cell < cells; cell++) {
    const position = cursor.i32('a position')
    if (cursor.u32('the sequences of a cell') !== 1) throw badState(`cell ${cell} is not of one sequence`)
    cursor.i32('a sequence')
    if (position < 0 || position >= cells || cellOfPosition[position] !== -1) {
      throw badState(`${cells} cells do not hold each position once: cell ${cell} says ${position}`)
    }
    cellOfPosition[position] = cell
  }
  return cellOfPosition
}

interface Rows {
  readonly type: number
  readonly rowBytes: number
  readonly offset: number
}

function readRows(cursor: ByteCursor, layers: number, cells: number, what: string): Rows[] {
  const rows: Rows[] = []
  for (let layer = 0; layer < layers; layer++) {
    const type = cursor.i32(`the type of ${what}`)
    const rowBytes = cursor.length(`a row of ${what}`, stateLimits.rowBytes)
    requireRow(type, rowBytes, `${what} of layer ${layer}`)
    rows.push({ type, rowBytes, offset: cursor.skip(rowBytes * cells, `the ${what} of layer ${layer}`) })
  }
  return rows
}

function requireRow(type: number, rowBytes: number, what: string): void {
  const unit = rowUnits.get(type)
  if (unit === undefined) throw badState(`the type of the ${what} is ${type}, which is not known`)
  if (rowBytes % unit.bytes !== 0) {
    throw badState(`${rowBytes} B are no row of ${unit.name}: the ${what}`)
  }
}

/** Some layers of some models have no attention, and so nothing in the cache. */
function requireAttention(layout: StateLayout): void {
  const half = layout.findIndex(
    ({ keyRowBytes, valueRowBytes }) => (keyRowBytes === 0) !== (valueRowBytes === 0),
  )
  if (half !== -1) throw badState(`layer ${half} has keys without values, or values without keys`)
  if (bytesPerToken(layout) === 0) throw badState('no layer of it has keys and values')
}

function atEnd(cursor: ByteCursor, state: ParsedState): ParsedState {
  const rest = state.byteLength - cursor.offset
  if (rest > 0) throw badState(`${rest} bytes follow its end`)
  return state
}
