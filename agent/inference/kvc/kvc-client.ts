import type { ParameterValues } from '#shared/experiment/parameters'
import type { Manifest } from '#shared/kvc/manifest'
import type { RotationReport } from '#shared/protocol/messages'
import { fetchBlocks, type FetchOptions, type FetchResult } from './block-fetch'
import { blockShape, type BlockShape } from '#shared/kvc/block-shape'
import { storeBlocks, type BlockToStore, type StoreSummary } from './block-store'
import { FlightWindow } from './flight-window'
import type { GroundStation } from './ground-station'
import { lookupPrefix, type LookupResult } from './manifest-lookup'
import { OrbitingServers } from './orbiting-servers'

/** Where the blocks of prompts are kept. */
export interface BlockCache {
  lookup(hashes: readonly Uint8Array[]): Promise<LookupResult>
  fetch(
    hashes: readonly Uint8Array[],
    manifests: readonly Manifest[],
    options?: FetchOptions,
  ): Promise<FetchResult>
  store(blocks: readonly BlockToStore[]): Promise<StoreSummary>
}

/** The KVC protocol (section 6 of the design) from the inference host's side. */
export class KvcClient implements BlockCache {
  readonly #servers: OrbitingServers
  readonly #shape: BlockShape
  readonly #window: FlightWindow

  constructor(station: GroundStation, parameters: ParameterValues) {
    this.#servers = new OrbitingServers(station)
    this.#shape = blockShape(parameters)
    this.#window = new FlightWindow(parameters.bytes_in_flight)
  }

  get epoch(): number {
    return this.#servers.epoch
  }

  get bytesInFlight(): number {
    return this.#window.bytesInFlight
  }

  lookup(hashes: readonly Uint8Array[]): Promise<LookupResult> {
    return lookupPrefix(this.#servers, this.#shape, hashes)
  }

  fetch(
    hashes: readonly Uint8Array[],
    manifests: readonly Manifest[],
    options: FetchOptions = {},
  ): Promise<FetchResult> {
    return fetchBlocks(this.#servers, this.#shape, this.#window, hashes, manifests, options)
  }

  store(blocks: readonly BlockToStore[]): Promise<StoreSummary> {
    return storeBlocks(this.#servers, this.#shape, this.#window, blocks)
  }

  rotate(): Promise<RotationReport> {
    return this.#servers.rotate()
  }
}
