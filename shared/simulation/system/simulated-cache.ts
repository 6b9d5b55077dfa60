import type { BlockCut } from './block-cut'
import type { FlightWindow } from './flight-window'
import type { GroundServers } from './ground-servers'

/** The cache as the host of the model uses it. */
export interface SimulatedCache {
  readonly ground: GroundServers
  readonly cut: BlockCut
  readonly window: FlightWindow
  readonly lookup: 'batch' | 'binary_search'
  /** Whether links take their light time: without it there is none to report. */
  readonly timed: boolean
  /** Record the ways of each request's first block. */
  readonly recordRoutes: boolean
}
