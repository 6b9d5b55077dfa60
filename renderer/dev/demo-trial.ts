import { geometry } from '#shared/constellation/geometry'
import { entrySatellite } from '#shared/constellation/ground'
import { shortestDelta, wrap, type Position } from '#shared/constellation/torus'
import type { PlannedTrial } from '#shared/contract/console-api'
import type { RequestRecord, Route } from '#shared/experiment/records'
import { centreAt, placement } from '#shared/placement/placement'
import { randomFrom } from './random'

/** Made-up requests of a trial, with the shape of real ones: for looking at pages without a lab. */
export class DemoTrial {
  readonly #trial: PlannedTrial
  readonly #random: () => number
  readonly #seen = new Set<string>()
  #next = 0

  constructor(trial: PlannedTrial) {
    this.#trial = trial
    this.#random = randomFrom(trial.seed * 31 + trial.trialId.length)
  }

  get requestsTotal(): number {
    return this.#trial.parameters.sessions * this.#trial.parameters.turns
  }

  centre(epoch: number): Position {
    const { strategy, slots, planes, centre_slot, centre_plane } = this.#trial.parameters
    const centre = { slot: centre_slot, plane: centre_plane }
    return centreAt({ strategy, torus: { slots, planes }, centre, rotations: epoch })
  }

  servers(epoch: number): Position[] {
    const { cache, strategy, slots, planes, centre_slot, centre_plane, servers } = this.#trial.parameters
    if (cache === 'off') return []
    const centre = { slot: centre_slot, plane: centre_plane }
    return placement({ strategy, torus: { slots, planes }, centre, servers, rotations: epoch })
  }

  request(startedAt: number, epoch: number): RequestRecord {
    const p = this.#trial.parameters
    const requestId = ++this.#next
    const sessionId = Math.floor((requestId - 1) / p.turns)
    const turn = (requestId - 1) % p.turns
    const document = Math.floor(this.#random() ** 2 * p.document_count)
    const promptTokens =
      p.document_tokens + 40 + turn * (p.output_tokens + 30) + Math.floor(this.#random() * 20)
    const blocks = Math.floor(promptTokens / p.block_tokens)
    const on = p.cache === 'skymemory'
    const known = this.#seen.has(`${document}`)
    this.#seen.add(`${document}`)
    const blocksHit =
      on && known ? Math.min(blocks, Math.floor(p.document_tokens / p.block_tokens) + turn) : 0
    const cachedTokens = blocksHit * p.block_tokens
    const chunksOfBlock = Math.ceil((p.block_tokens * p.kvc_bytes_per_token) / p.chunk_bytes)
    const routes = on ? this.#routes(epoch) : []
    const hopsHistogram: number[] = []
    for (let chunk = 0; chunk < chunksOfBlock * blocksHit; chunk++) {
      const hops = routes[chunk % routes.length]?.steps.length ?? 0
      while (hopsHistogram.length <= hops) hopsHistogram.push(0)
      hopsHistogram[hops]!++
    }
    const slowest = Math.max(0, ...routes.map((route) => route.steps.at(-1)?.propagationMs ?? 0))
    const noise = 0.9 + this.#random() * 0.35
    const lookupMs = on ? 2 * slowest + 0.8 * noise : null
    const getMs = blocksHit > 0 ? 2 * slowest + blocksHit * 1.9 * noise : null
    const uncached = promptTokens - cachedTokens
    const prefillMs = (uncached / p.prefill_tokens_per_s) * 1000 * noise
    const ttftMs = (lookupMs ?? 0) + (getMs ?? 0) + prefillMs
    const tpotMs = (1000 / p.decode_tokens_per_s) * (0.98 + this.#random() * 0.08)
    return {
      kind: 'request',
      requestId,
      sessionId,
      turn,
      startedAt,
      promptTokens,
      outputTokens: p.output_tokens,
      blocks,
      blocksHit,
      cachedTokens,
      chunksFetched: chunksOfBlock * blocksHit,
      hopsHistogram: blocksHit > 0 ? hopsHistogram : [],
      lookupMs,
      getMs,
      setMs: on && blocksHit < blocks ? (blocks - blocksHit) * 3.1 * noise : null,
      restoreMs: null,
      prefillMs,
      ttftMs,
      tpotMs,
      e2eMs: ttftMs + tpotMs * (p.output_tokens - 1),
      propagationMs: getMs === null ? null : 2 * slowest,
      bytesRead: cachedTokens * p.kvc_bytes_per_token,
      bytesWritten: on ? (blocks - blocksHit) * p.block_tokens * p.kvc_bytes_per_token : 0,
      status: 'ok',
      errorCode: null,
      harmful: false,
      halfBlocksServed: 0,
      wrongBytesServed: 0,
      routes: blocksHit > 0 ? routes : [],
    }
  }

  #routes(epoch: number): Route[] {
    const p = this.#trial.parameters
    const torus = { slots: p.slots, planes: p.planes }
    const space = geometry({ ...torus, altitudeM: p.altitude_m, preset: p.geometry })
    const centre = this.centre(epoch)
    return this.servers(epoch).map((server, k): Route => {
      const onBoard = p.strategy === 'hop'
      const entry = onBoard
        ? centre
        : (entrySatellite({ torus, centre, losSlots: p.los_slots, losPlanes: p.los_planes }, server) ??
          centre)
      let at = entry
      let light = onBoard
        ? 0
        : space.groundDelayS(
            shortestDelta(centre.slot, entry.slot, torus.slots),
            shortestDelta(centre.plane, entry.plane, torus.planes),
          )
      const steps = [{ ...at, propagationMs: light * 1000 }]
      while (at.slot !== server.slot || at.plane !== server.plane) {
        const ds = Math.sign(shortestDelta(at.slot, server.slot, torus.slots))
        const dp = ds === 0 ? Math.sign(shortestDelta(at.plane, server.plane, torus.planes)) : 0
        at = { slot: wrap(at.slot + ds, torus.slots), plane: wrap(at.plane + dp, torus.planes) }
        light += space.linkDelayS(ds !== 0 ? 'slot' : 'plane')
        steps.push({ ...at, propagationMs: light * 1000 })
      }
      return { server: k, steps }
    })
  }
}
