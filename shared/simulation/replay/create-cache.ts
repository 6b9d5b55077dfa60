import { SkyError } from '../../contract/errors'
import type { TraceBatch } from '../traces/trace-batch'
import { ArcCache } from './arc-cache'
import type { BlockCache, CachePolicy } from './block-cache'
import { LfuCache } from './lfu-cache'
import { nextUses, OptimumCache } from './optimum-cache'
import { FifoCache, LruCache } from './queue-caches'
import { S3FifoCache } from './s3-fifo-cache'
import { UnboundedCache } from './unbounded-cache'

/** Policies that decide from the past alone, so that a trace can be replayed while it is read. */
export type OnlinePolicy = Exclude<CachePolicy, 'optimum'>

/**
 * An empty cache.
 * @param capacity blocks, a whole number from 1 on, or Infinity
 * @throws SkyError invalid_argument for another capacity
 */
export function onlineCache(policy: OnlinePolicy, capacity: number): BlockCache {
  checkCapacity(capacity)
  if (capacity === Infinity) return new UnboundedCache()
  switch (policy) {
    case 'lru':
      return new LruCache(capacity)
    case 'lfu':
      return new LfuCache(capacity)
    case 'fifo':
      return new FifoCache(capacity)
    case 's3-fifo':
      return new S3FifoCache(capacity)
    case 'arc':
      return new ArcCache(capacity)
  }
}

/** An empty cache of any policy, for one replay of this trace from its beginning. */
export function cacheFor(trace: TraceBatch, policy: CachePolicy, capacity: number): BlockCache {
  if (policy !== 'optimum') return onlineCache(policy, capacity)
  checkCapacity(capacity)
  if (capacity === Infinity) return new UnboundedCache()
  return new OptimumCache(capacity, nextUses(trace.blockIds, trace.uniqueBlocks), trace.uniqueBlocks)
}

function checkCapacity(capacity: number): void {
  if (capacity === Infinity || (Number.isSafeInteger(capacity) && capacity >= 1)) return
  const message = `a cache cannot have a capacity of ${capacity} blocks`
  throw new SkyError('invalid_argument', message, 'Give a whole number from 1 on, or inf.')
}
