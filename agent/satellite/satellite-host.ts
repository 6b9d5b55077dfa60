import type { DelayTotals } from '../network/delay-line'
import type { Failures, LabTopology, SatelliteTrial } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { SatelliteCounters } from '#shared/experiment/records'
import type { Position } from '#shared/constellation/torus'
import { hashText } from '#shared/kvc/block-hash'
import { TrialNetwork } from '#shared/network/trial-network'
import { TcpTransport } from '../transport/tcp-transport'
import { plainWire, type Wire } from '../transport/wire'
import type { Log } from '../log'
import { blockKey, hashOf } from './chunk-store'
import { damageChunk } from './damage-chunk'
import { DelayLine } from '../network/delay-line'
import { Fabric } from './fabric'
import { Satellite } from './satellite'

export interface StoredBlockSummary {
  readonly hash: string
  readonly chunks: number
  readonly bytes: number
  readonly manifest: boolean
}

/** The satellites of one host (on the testbed: the 19 of one plane), their links, and the connections to other hosts. */
export class SatelliteHost {
  readonly transport: TcpTransport
  readonly #hostId: string
  readonly #delayLine = new DelayLine()
  #topology: LabTopology | null = null
  #failures: Failures = { satellites: [], links: [] }
  #network: TrialNetwork | null = null
  #fabric: Fabric | null = null
  #satellites: Satellite[] = []
  /** The trial whose chunks the satellites hold, or may hold. */
  #preparedFor: string | null = null

  constructor(hostId: string, log: Log, wire: Wire = plainWire) {
    this.#hostId = hostId
    this.transport = new TcpTransport(
      hostId,
      {
        onArrival: ({ packet, at }) => this.#fabric?.arrive(packet, at),
        openBody: () => null,
        onPeerConnected: (peer) => {
          log.info(`connected to ${peer}`)
          this.#network?.setLostPlanes(this.#lostPlanes())
        },
        onPeerLost: (peer) => {
          log.warn(`connection to ${peer} lost`)
          this.#network?.setLostPlanes(this.#lostPlanes())
        },
      },
      log,
      wire,
    )
  }

  configure(topology: LabTopology): void {
    if (!topology.peers.some((peer) => peer.hostId === this.#hostId)) {
      throw new SkyError(
        'invalid_argument',
        `${this.#hostId} is not in the list of satellite hosts that it was given`,
      )
    }
    const before = this.#topology
    this.#topology = topology
    this.transport.configure(topology)
    // A peer that moved to another port changes nothing here: what the satellites hold stays.
    if (before !== null && sameConstellation(before, topology)) return
    this.#preparedFor = null
    this.#build({ ...defaultParameters, slots: topology.slots, planes: topology.planes })
  }

  /** Empty every satellite, and take the trial's parameters; those of the trial that it was prepared for last stay as they are. */
  prepareTrial({ trialKey, parameters }: SatelliteTrial): void {
    const topology = this.#requireTopology()
    if (trialKey === this.#preparedFor) return
    if (parameters.slots !== topology.slots || parameters.planes !== topology.planes) {
      const wanted = `${parameters.slots}x${parameters.planes}`
      throw new SkyError(
        'invalid_argument',
        `the trial wants ${wanted} satellites, but the lab runs ${topology.slots}x${topology.planes}`,
        'Start the lab again with the size that the experiment names.',
      )
    }
    this.#build(parameters)
    this.#preparedFor = trialKey
  }

  setFailures(failures: Failures): void {
    this.#failures = failures
    this.#network?.setFailures(failures)
  }

  counters(): SatelliteCounters[] {
    return this.#satellites.map((satellite) => satellite.snapshot())
  }

  delayTotals(): DelayTotals {
    return this.#delayLine.totals
  }

  /** For proofs: answers whether a chunk of the block lay here. @param hash hexadecimal */
  damageBlock(hash: string, how: 'corrupt' | 'lose'): boolean {
    const block = blockKey(Buffer.from(hash, 'hex'))
    return this.#satellites.some(({ store }) => damageChunk(store, block, how))
  }

  storedBlocks({ slot, plane }: Position, limit: number): StoredBlockSummary[] {
    const satellite = this.#satellites.find(
      ({ position }) => position.slot === slot && position.plane === plane,
    )
    if (satellite === undefined) {
      throw new SkyError(
        'not_found',
        `${this.#hostId} does not carry the satellite at slot ${slot}, plane ${plane}`,
      )
    }
    const summaries: StoredBlockSummary[] = []
    for (const { key, ...rest } of satellite.store.blocks()) {
      if (summaries.length === limit) break
      summaries.push({ hash: hashText(hashOf(key)), ...rest })
    }
    return summaries
  }

  close(): void {
    this.transport.close()
  }

  #build(parameters: ParameterValues): void {
    const topology = this.#requireTopology()
    const hostOfPlane = new Map(
      topology.peers.flatMap((peer) => peer.planes.map((plane) => [plane, peer.hostId])),
    )
    const network = new TrialNetwork(parameters, this.#failures, this.#lostPlanes())
    const places = {
      ownHostId: this.#hostId,
      inferenceHostId: topology.inferenceHostId,
      hostOfPlane: (plane: number) => hostOfPlane.get(plane) ?? '',
    }
    this.#delayLine.reset(parameters.link_delay)
    const fabric = new Fabric(places, this.transport, this.#delayLine, network)
    const options = { budgetBytes: parameters.satellite_bytes, eviction: parameters.eviction }
    this.#satellites = this.#positions(topology).map(
      (position) => new Satellite({ position, ...options }, network, fabric),
    )
    for (const satellite of this.#satellites) fabric.add(satellite)
    this.#network = network
    this.#fabric = fabric
  }

  #positions(topology: LabTopology): Position[] {
    const planes = topology.peers.find((peer) => peer.hostId === this.#hostId)?.planes ?? []
    return planes.flatMap((plane) => Array.from({ length: topology.slots }, (_, slot) => ({ slot, plane })))
  }

  #lostPlanes(): number[] {
    const peers = this.#topology?.peers ?? []
    return peers
      .filter((peer) => peer.hostId !== this.#hostId && !this.transport.isConnected(peer.hostId))
      .flatMap((peer) => peer.planes)
  }

  #requireTopology(): LabTopology {
    if (this.#topology === null) {
      throw new SkyError(
        'conflict',
        `${this.#hostId} has not been told about the lab yet`,
        'Configure it first.',
      )
    }
    return this.#topology
  }
}

/** The same satellites on the same hosts. */
function sameConstellation(a: LabTopology, b: LabTopology): boolean {
  const shape = ({ slots, planes, inferenceHostId, peers }: LabTopology): string =>
    JSON.stringify([slots, planes, inferenceHostId, peers.map((peer) => [peer.hostId, peer.planes])])
  return shape(a) === shape(b)
}
