/**
 * The constants of GGUF files, version 3, little endian.
 * Source: the GGUF specification of ggml (docs/gguf.md) and its header gguf.h.
 */

/** "GGUF" as the u32 at the start of a file. */
export const ggufMagic = 0x46554747
export const ggufVersion = 3
/** Where tensors begin within the file, unless `general.alignment` says otherwise, bytes. */
export const defaultAlignment = 32

/** Types of a metadata value. */
export const valueTypes = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const

/** What a token of a vocabulary is, `tokenizer.ggml.token_type`. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

/** How the values of a tensor lie in the file: `blockBytes` hold `blockValues` values of one row. */
export interface TensorType {
  readonly id: number
  readonly name: string
  readonly blockValues: number
  readonly blockBytes: number
}

const tensorType = (id: number, name: string, blockValues: number, blockBytes: number): TensorType => ({
  id,
  name,
  blockValues,
  blockBytes,
})

/** Every type of ggml.h that a file may hold; numbers that are left out belong to types that were withdrawn. */
export const tensorTypes = {
  f32: tensorType(0, 'f32', 1, 4),
  f16: tensorType(1, 'f16', 1, 2),
  q4_0: tensorType(2, 'q4_0', 32, 18),
  q4_1: tensorType(3, 'q4_1', 32, 20),
  q5_0: tensorType(6, 'q5_0', 32, 22),
  q5_1: tensorType(7, 'q5_1', 32, 24),
  q8_0: tensorType(8, 'q8_0', 32, 34),
  q8_1: tensorType(9, 'q8_1', 32, 36),
  q2_k: tensorType(10, 'q2_k', 256, 84),
  q3_k: tensorType(11, 'q3_k', 256, 110),
  q4_k: tensorType(12, 'q4_k', 256, 144),
  q5_k: tensorType(13, 'q5_k', 256, 176),
  q6_k: tensorType(14, 'q6_k', 256, 210),
  q8_k: tensorType(15, 'q8_k', 256, 292),
  iq2_xxs: tensorType(16, 'iq2_xxs', 256, 66),
  iq2_xs: tensorType(17, 'iq2_xs', 256, 74),
  iq3_xxs: tensorType(18, 'iq3_xxs', 256, 98),
  iq1_s: tensorType(19, 'iq1_s', 256, 50),
  iq4_nl: tensorType(20, 'iq4_nl', 32, 18),
  iq3_s: tensorType(21, 'iq3_s', 256, 110),
  iq2_s: tensorType(22, 'iq2_s', 256, 82),
  iq4_xs: tensorType(23, 'iq4_xs', 256, 136),
  i8: tensorType(24, 'i8', 1, 1),
  i16: tensorType(25, 'i16', 1, 2),
  i32: tensorType(26, 'i32', 1, 4),
  i64: tensorType(27, 'i64', 1, 8),
  f64: tensorType(28, 'f64', 1, 8),
  iq1_m: tensorType(29, 'iq1_m', 256, 56),
  bf16: tensorType(30, 'bf16', 1, 2),
  tq1_0: tensorType(34, 'tq1_0', 256, 54),
  tq2_0: tensorType(35, 'tq2_0', 256, 66),
  mxfp4: tensorType(39, 'mxfp4', 32, 17),
  nvfp4: tensorType(40, 'nvfp4', 64, 36),
} as const

const byId: ReadonlyMap<number, TensorType> = new Map(
  Object.values(tensorTypes).map((type) => [type.id, type]),
)

export const tensorTypeOf = (id: number): TensorType | null => byId.get(id) ?? null

/** Bytes up to the next multiple of the alignment. */
export const aligned = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment
