import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import {
  aligned,
  defaultAlignment,
  ggufMagic,
  ggufVersion,
  valueTypes,
  type TensorType,
} from '#shared/gguf/format'
import { makeDirectory } from '../make-directory'
import { storageError } from '../store/storage-errors'

/** A metadata value of a file to be written. */
export type MetadataValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s' | 'float32s'; readonly value: readonly number[] }

/** A tensor of a file to be written. */
export interface TensorToWrite {
  readonly name: string
  /** Values of a row, then rows: the order of ggml, in which the first dimension lies together. */
  readonly shape: readonly number[]
  readonly type: TensorType
  /** The tensor's bytes in pieces of any size. A piece is written before the next one is asked for, so that it may be reused. */
  pieces(): Iterable<Uint8Array>
}

export interface GgufToWrite {
  readonly metadata: Readonly<Record<string, MetadataValue>>
  readonly tensors: readonly TensorToWrite[]
}

export interface WriteOptions {
  readonly signal?: AbortSignal
  /** Bytes of the file that are written, of all. */
  readonly onProgress?: (bytes: number, total: number) => void
}

/** Bytes of a tensor in the file, without padding. */
export function tensorBytes({ shape, type }: Pick<TensorToWrite, 'shape' | 'type'>): number {
  return (shape.reduce((product, size) => product * size, 1) / type.blockValues) * type.blockBytes
}

/**
 * Write a GGUF file, piece by piece: memory does not grow with the file. The path holds either a whole file or what it held before.
 * @returns bytes of the file
 * @throws SkyError `storage_full`, `storage_unwritable`, `cancelled`
 */
export async function writeGguf(
  path: string,
  file: GgufToWrite,
  options: WriteOptions = {},
): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await makeDirectory(dirname(path))
    const handle = await open(temporary, 'wx', 0o644)
    let total: number
    try {
      total = await writeTo(handle, path, file, options)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    return total
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw storageError(thrown, path, 'storage_unwritable')
  }
}

async function writeTo(
  handle: FileHandle,
  path: string,
  file: GgufToWrite,
  { signal, onProgress }: WriteOptions,
): Promise<number> {
  const head = header(file)
  const total = file.tensors.reduce(
    (sum, tensor) => sum + aligned(tensorBytes(tensor), defaultAlignment),
    head.length,
  )
  let written = 0
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (signal?.aborted) throw new SkyError('cancelled', `Writing ${path} was cancelled`)
    for (let start = 0; start < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, start, bytes.length - start, null)
      start += bytesWritten
    }
    written += bytes.length
    onProgress?.(written, total)
  }
  await write(head)
  for (const tensor of file.tensors) {
    const end = written + tensorBytes(tensor)
    for (const piece of tensor.pieces()) await write(piece)
    if (written !== end) throw new Error(`${tensor.name}: ${written - end} bytes too many`)
    const padding = aligned(written, defaultAlignment) - written
    if (padding > 0) await write(new Uint8Array(padding))
  }
  return written
}

/** All that stands before the first tensor. */
function header({ metadata, tensors }: GgufToWrite): Buffer {
  const entries = Object.entries(metadata)
  const parts = [u32(ggufMagic), u32(ggufVersion), u64(tensors.length), u64(entries.length)]
  for (const [key, value] of entries) parts.push(text(key), valueBytes(value))
  let offset = 0
  for (const tensor of tensors) {
    parts.push(
      text(tensor.name),
      u32(tensor.shape.length),
      ...tensor.shape.map(u64),
      u32(tensor.type.id),
      u64(offset),
    )
    offset += aligned(tensorBytes(tensor), defaultAlignment)
  }
  const bytes = Buffer.concat(parts)
  return Buffer.concat([bytes], aligned(bytes.length, defaultAlignment))
}

function valueBytes(entry: MetadataValue): Buffer {
  switch (entry.type) {
    case 'string':
      return Buffer.concat([u32(valueTypes.string), text(entry.value)])
    case 'uint32':
      return Buffer.concat([u32(valueTypes.uint32), u32(entry.value)])
    case 'float32':
      return Buffer.concat([u32(valueTypes.float32), f32(entry.value)])
    case 'bool':
      return Buffer.concat([u32(valueTypes.bool), Buffer.from([entry.value ? 1 : 0])])
    case 'strings':
      return array(valueTypes.string, entry.value.map(text))
    case 'int32s':
      return array(valueTypes.int32, entry.value.map(i32))
    case 'float32s':
      return array(valueTypes.float32, entry.value.map(f32))
  }
}

const array = (type: number, items: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(valueTypes.array), u32(type), u64(items.length), ...items])

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([u64(bytes.length), bytes])
}

function written(bytes: number, fill: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(bytes)
  fill(buffer)
  return buffer
}

const u32 = (value: number): Buffer => written(4, (buffer) => buffer.writeUInt32LE(value))
const i32 = (value: number): Buffer => written(4, (buffer) => buffer.writeInt32LE(value))
const u64 = (value: number): Buffer => written(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)))
const f32 = (value: number): Buffer => written(4, (buffer) => buffer.writeFloatLE(value))
