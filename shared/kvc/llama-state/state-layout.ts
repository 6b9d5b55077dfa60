import { SkyError } from '../../contract/errors'

/**
 * The state file of one sequence of llama.cpp ("GGSQ" version 3, as `llama_state_seq_save_file` writes it), little endian:
 *
 *     u32 magic, u32 version, u32 T, i32[T] tokens, u32 streams,
 *     per stream: u32 cells; if any: per cell (i32 position, u32 1, i32 sequence),
 *       u32 transposed values, u32 layers,
 *       per layer: i32 key type, u64 key row bytes, cells key rows,
 *       per layer: i32 value type, u64 value row bytes, cells value rows
 *
 * Cells stand in the order in which the cache holds them, which need not be that of their positions.
 */
export const stateMagic = 0x67677371
export const stateVersion = 3

/** Bounds far above any real model, so that a forged number cannot ask for much. */
export const stateLimits = { tokens: 4_194_304, layers: 4_096, rowBytes: 16_777_216 } as const

/** Element types that keys and values are kept in, by ggml's number, with the bytes that a row is a multiple of. */
export const rowUnits: ReadonlyMap<number, { readonly name: string; readonly bytes: number }> = new Map([
  [0, { name: 'F32', bytes: 4 }],
  [1, { name: 'F16', bytes: 2 }],
  [8, { name: 'Q8_0', bytes: 34 }],
])

/** How a model keeps the KV of one token in one layer. */
export interface LayerLayout {
  /** One of `rowUnits`. */
  readonly keyType: number
  readonly keyRowBytes: number
  readonly valueType: number
  readonly valueRowBytes: number
}

export type StateLayout = readonly LayerLayout[]

/** Bytes of KV of one token over all layers. */
export function bytesPerToken(layout: StateLayout): number {
  return layout.reduce((sum, layer) => sum + layer.keyRowBytes + layer.valueRowBytes, 0)
}

export function isSameLayout(a: StateLayout, b: StateLayout): boolean {
  return (
    a.length === b.length &&
    a.every((layer, i) => {
      const other = b[i] as LayerLayout
      return (
        layer.keyType === other.keyType &&
        layer.keyRowBytes === other.keyRowBytes &&
        layer.valueType === other.valueType &&
        layer.valueRowBytes === other.valueRowBytes
      )
    })
  )
}

/** What is wrong with a state: it is never handed to the model. */
export function badState(what: string): SkyError {
  return new SkyError('engine_failed', `The model's state cannot be used: ${what}`)
}
