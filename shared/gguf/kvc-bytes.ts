import type { ModelShape } from './model-shape'

/** How keys and values are kept. */
export const kvTypes = ['f16', 'q8_0'] as const
export type KvType = (typeof kvTypes)[number]

/** q8_0 keeps 32 values as one half-precision scale and 32 bytes. */
export const q8BlockValues = 32
const q8BlockBytes = 34

/** What decides the size of a cache. */
export type CacheShape = Pick<ModelShape, 'kvHeads' | 'headSizeK' | 'headSizeV'>

/** Heads of which whole blocks of q8_0 can be made. */
export const fitsQ8 = ({ headSizeK, headSizeV }: CacheShape): boolean =>
  headSizeK % q8BlockValues === 0 && headSizeV % q8BlockValues === 0

/** Bytes of one token's keys and values in all layers: TinyLlama-1.1B has 22,528 at f16 and 11,968 at q8_0. */
export function kvcBytesPerToken(shape: CacheShape, kvType: KvType): number {
  const headValues = shape.headSizeK + shape.headSizeV
  const values = shape.kvHeads.reduce((sum, heads) => sum + heads * headValues, 0)
  return kvType === 'f16' ? values * 2 : (values / q8BlockValues) * q8BlockBytes
}
