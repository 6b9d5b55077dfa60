import { ggufMagic, ggufVersion, valueTypes } from '../format'

/** A metadata value: its type, and its bytes. */
export interface Value {
  readonly type: number
  readonly bytes: readonly number[]
}

export interface GgufParts {
  readonly magic?: number
  readonly version?: number
  readonly tensorCount?: number | bigint
  readonly valueCount?: number | bigint
  readonly values?: readonly (readonly [key: string, value: Value])[]
  readonly tensors?: readonly TensorPart[]
  /** Bytes of weights that follow the header. */
  readonly dataBytes?: number
}

export interface TensorPart {
  readonly name: string
  readonly shape: readonly (number | bigint)[]
  readonly type: number
  readonly offset: number | bigint
}

function little(bytes: number, value: number | bigint): number[] {
  const all = BigInt.asUintN(bytes * 8, BigInt(value))
  return Array.from({ length: bytes }, (_, index) => Number((all >> BigInt(8 * index)) & 0xffn))
}

export const u32 = (value: number): number[] => little(4, value)
export const u64 = (value: number | bigint): number[] => little(8, value)
const ascii = (text: string): number[] => [...text].map((sign) => sign.charCodeAt(0))

/** @param length what the text says of its length */
export const textBytes = (text: string, length: number | bigint = text.length): number[] => [
  ...u64(length),
  ...ascii(text),
]
export const text = (value: string): Value => ({ type: valueTypes.string, bytes: textBytes(value) })
export const count = (value: number): Value => ({ type: valueTypes.uint32, bytes: u32(value) })
export const flag = (value: boolean): Value => ({ type: valueTypes.bool, bytes: [value ? 1 : 0] })
/** @param length what the list says of its length */
export const counts = (values: readonly number[], length: number | bigint = values.length): Value => ({
  type: valueTypes.array,
  bytes: [...u32(valueTypes.uint32), ...u64(length), ...values.flatMap(u32)],
})
export const texts = (values: readonly string[], length: number | bigint = values.length): Value => ({
  type: valueTypes.array,
  bytes: [...u32(valueTypes.string), ...u64(length), ...values.flatMap((value) => textBytes(value))],
})

/** A GGUF file out of its parts, also where they do not fit together. */
export function buildGguf({
  magic = ggufMagic,
  version = ggufVersion,
  values = [],
  tensors = [],
  tensorCount = tensors.length,
  valueCount = values.length,
  dataBytes = 0,
}: GgufParts): Uint8Array {
  const header = [
    ...u32(magic),
    ...u32(version),
    ...u64(tensorCount),
    ...u64(valueCount),
    ...values.flatMap(([key, { type, bytes }]) => [...textBytes(key), ...u32(type), ...bytes]),
    ...tensors.flatMap(({ name, shape, type, offset }) => [
      ...textBytes(name),
      ...u32(shape.length),
      ...shape.flatMap(u64),
      ...u32(type),
      ...u64(offset),
    ]),
  ]
  const start = tensors.length > 0 ? Math.ceil(header.length / 32) * 32 : header.length
  const file = new Uint8Array(start + dataBytes)
  file.set(header)
  return file
}

/** Metadata of a small model that can be used; TinyLlama's heads. */
export const usableValues: readonly (readonly [string, Value])[] = [
  ['general.architecture', text('llama')],
  ['general.name', text('Small')],
  ['general.file_type', count(2)],
  ['llama.block_count', count(22)],
  ['llama.embedding_length', count(2_048)],
  ['llama.feed_forward_length', count(5_632)],
  ['llama.attention.head_count', count(32)],
  ['llama.attention.head_count_kv', count(4)],
  ['llama.context_length', count(2_048)],
  ['tokenizer.ggml.model', text('llama')],
  ['tokenizer.ggml.tokens', texts(['<unk>', '<s>', '</s>', 'a'])],
  ['tokenizer.chat_template', text('{{ messages }}')],
]

/** `usableValues` with some of them changed, added or (null) left out. */
export function valuesWith(changes: Readonly<Record<string, Value | null>>): (readonly [string, Value])[] {
  const kept = usableValues.filter(([key]) => !(key in changes))
  const changed = Object.entries(changes).flatMap(([key, value]): [string, Value][] =>
    value ? [[key, value]] : [],
  )
  return [...kept, ...changed]
}

/** One matrix of f32, 4 x 2. */
export const oneTensor: readonly TensorPart[] = [
  { name: 'token_embd.weight', shape: [4, 2], type: 0, offset: 0 },
]
