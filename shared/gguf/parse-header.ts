import { aligned, defaultAlignment, ggufMagic, tensorTypeOf, valueTypes } from './format'
import { SkyError } from '../contract/errors'
import { quotedLine } from '../text/printable'
import { HeaderCursor } from './header-cursor'

/** A metadata value. Of lists only their length is kept, and the numbers of short ones. */
export type HeaderValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly length: number; readonly numbers: readonly number[] | null }

/** What the header of a GGUF file says. */
export interface GgufHeader {
  readonly version: number
  readonly metadata: ReadonlyMap<string, HeaderValue>
  readonly tensors: number
  /** Values of all tensors. */
  readonly parameters: number
  /** Bytes of all tensors, without padding. */
  readonly tensorBytes: number
  /** Where the first tensor lies in the file. */
  readonly dataStart: number
  /** Bytes that a whole file has at least: the end of its last tensor. */
  readonly wholeFileBytes: number
}

/** Models have about 30 to 60 values and, with hundreds of experts a layer merged, below 5,000 tensors. */
const mostValues = 10_000
const mostTensors = 100_000
/** A value's name, its type and one byte; a tensor's name, dimensions, type and place. */
const leastValueBytes = 8 + 4 + 1
const leastTensorBytes = 8 + 4 + 4 + 8
/** Lists up to this length are kept: those of one number a layer. */
const longestKeptList = 4_096
/** Of ggml. */
const mostDimensions = 4
const largestAlignment = 2 ** 20

/**
 * Read a header from the first bytes of a file.
 * @param file names the file in messages
 * @throws MoreBytesNeeded when the header does not end within the prefix; SkyError `invalid_model`, `not_supported`
 */
export function parseHeader(file: string, prefix: Uint8Array, fileBytes: number): GgufHeader {
  const cursor = new HeaderCursor(file, prefix, fileBytes)
  const version = readStart(cursor)
  const tensors = cursor.count('tensors', leastTensorBytes, mostTensors)
  const values = cursor.count('metadata values', leastValueBytes, mostValues)

  const metadata = new Map<string, HeaderValue>()
  for (let index = 0; index < values; index++) {
    const key = cursor.text()
    if (metadata.has(key)) throw cursor.damaged(`the value ${quotedLine(key)} is there twice`)
    metadata.set(key, readValue(cursor, key))
  }
  const alignment = alignmentOf(cursor, metadata)

  let [parameters, tensorBytes, offset, end] = [0, 0, 0, 0]
  for (let index = 0; index < tensors; index++) {
    const tensor = readTensor(cursor)
    // As llama.cpp demands it: one behind the other, in the order of their description.
    if (tensor.offset !== offset) {
      throw cursor.damaged(`the tensor ${tensor.name} lies at ${tensor.offset}, where ${offset} is expected`)
    }
    parameters += tensor.values
    tensorBytes += tensor.bytes
    end = offset + tensor.bytes
    offset = aligned(end, alignment)
  }
  const dataStart = aligned(cursor.position, alignment)
  const wholeFileBytes = dataStart + end
  if (!Number.isSafeInteger(wholeFileBytes) || !Number.isSafeInteger(parameters)) {
    throw cursor.damaged('its tensors are larger than any file')
  }
  return { version, metadata, tensors, parameters, tensorBytes, dataStart, wholeFileBytes }
}

/** The magic and the version. */
function readStart(cursor: HeaderCursor): number {
  const { file, fileBytes } = cursor
  if (fileBytes < 8 || cursor.u32() !== ggufMagic) {
    throw new SkyError(
      'invalid_model',
      fileBytes === 0 ? `${file} is empty` : `${file} is not a GGUF file: it does not start with "GGUF"`,
      'Models must be GGUF files; other formats can be converted with the tools of llama.cpp.',
      { file },
    )
  }
  const version = cursor.u32()
  if (version === 2 || version === 3) return version
  const isBigEndian = (version & 0xffff) === 0 && version !== 0
  throw new SkyError(
    'not_supported',
    isBigEndian
      ? `${file} is a big-endian GGUF file, which x64 and arm64 machines cannot use`
      : `${file} is a GGUF file of version ${version}; versions 2 and 3 can be used`,
    isBigEndian ? 'Take the little-endian file of this model.' : 'Take a newer file of this model.',
    { file, version },
  )
}

function readValue(cursor: HeaderCursor, key: string): HeaderValue {
  const type = cursor.u32()
  switch (type) {
    case valueTypes.string:
      return { kind: 'text', value: cursor.text() }
    case valueTypes.bool:
      return { kind: 'flag', value: cursor.u8() !== 0 }
    case valueTypes.array:
      return readList(cursor, key)
    default:
      return { kind: 'number', value: numberKind(cursor, type, key).read(cursor) }
  }
}

interface NumberKind {
  readonly bytes: number
  read(cursor: HeaderCursor): number
}

const numberKinds: ReadonlyMap<number, NumberKind> = new Map<number, NumberKind>([
  [valueTypes.uint8, { bytes: 1, read: (cursor) => cursor.u8() }],
  [valueTypes.int8, { bytes: 1, read: (cursor) => cursor.i8() }],
  [valueTypes.uint16, { bytes: 2, read: (cursor) => cursor.u16() }],
  [valueTypes.int16, { bytes: 2, read: (cursor) => cursor.i16() }],
  [valueTypes.uint32, { bytes: 4, read: (cursor) => cursor.u32() }],
  [valueTypes.int32, { bytes: 4, read: (cursor) => cursor.i32() }],
  [valueTypes.float32, { bytes: 4, read: (cursor) => cursor.f32() }],
  [valueTypes.uint64, { bytes: 8, read: (cursor) => cursor.u64() }],
  [valueTypes.int64, { bytes: 8, read: (cursor) => cursor.i64() }],
  [valueTypes.float64, { bytes: 8, read: (cursor) => cursor.f64() }],
])

function numberKind(cursor: HeaderCursor, type: number, key: string): NumberKind {
  const kind = numberKinds.get(type)
  if (kind) return kind
  throw cursor.damaged(`the value ${quotedLine(key)} has the type ${type}, which does not exist`)
}

function readList(cursor: HeaderCursor, key: string): HeaderValue {
  const type = cursor.u32()
  const what = `items in ${quotedLine(key)}`
  if (type === valueTypes.string) {
    const length = cursor.count(what, 8, Infinity)
    for (let index = 0; index < length; index++) cursor.skipText()
    return { kind: 'list', length, numbers: null }
  }
  const item =
    type === valueTypes.bool ? { bytes: 1, read: () => cursor.u8() } : numberKind(cursor, type, key)
  const length = cursor.count(what, item.bytes, Infinity)
  if (length > longestKeptList) {
    cursor.skip(length * item.bytes)
    return { kind: 'list', length, numbers: null }
  }
  return { kind: 'list', length, numbers: Array.from({ length }, () => item.read(cursor)) }
}

function alignmentOf(cursor: HeaderCursor, metadata: ReadonlyMap<string, HeaderValue>): number {
  const found = metadata.get('general.alignment')
  if (found === undefined) return defaultAlignment
  const value = found.kind === 'number' ? found.value : NaN
  const isPowerOf2 = Number.isInteger(Math.log2(value))
  if (isPowerOf2 && value >= 1 && value <= largestAlignment) return value
  throw cursor.damaged(`its alignment (${value}) is not a power of 2 up to ${largestAlignment}`)
}

interface Tensor {
  readonly name: string
  readonly offset: number
  readonly values: number
  readonly bytes: number
}

function readTensor(cursor: HeaderCursor): Tensor {
  const name = quotedLine(cursor.text())
  const dimensions = cursor.u32()
  if (dimensions > mostDimensions) {
    throw cursor.damaged(
      `the tensor ${name} has ${dimensions} dimensions; there are at most ${mostDimensions}`,
    )
  }
  const shape = Array.from({ length: dimensions }, () => cursor.u64())
  const typeId = cursor.u32()
  const offset = cursor.u64()
  const type = tensorTypeOf(typeId)
  if (type === null) {
    throw new SkyError(
      'not_supported',
      `${cursor.file}: the tensor ${name} has the type ${typeId}, which this version does not know`,
      'Take another quantisation of the model, such as Q4_K_M or Q8_0.',
      { file: cursor.file, tensor: name, type: typeId },
    )
  }
  const values = shape.reduce((product, size) => product * size, 1)
  const row = shape[0] ?? 1
  if (!Number.isSafeInteger(values) || row % type.blockValues !== 0) {
    throw cursor.damaged(
      `the tensor ${name} has the shape ${shape.join(' x ')}, which ${type.name} cannot have`,
    )
  }
  return { name, offset, values, bytes: (values / type.blockValues) * type.blockBytes }
}
