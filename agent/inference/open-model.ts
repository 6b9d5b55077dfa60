import type { CachedModel } from './answer-request'
import type { KvcClient } from './kvc/kvc-client'

/** An engine with the constellation in front of it; null = cache off. */
export interface OpenModel extends CachedModel {
  readonly kvc: KvcClient | null
}
