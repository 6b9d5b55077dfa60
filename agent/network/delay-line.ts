import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { Packet } from '#shared/protocol/packet'
import { waitUntil } from '../clock/wait'

/** What the trial asks of links. */
export type LinkDelayMode = 'off' | 'virtual' | 'real'

/** What was demanded of links, after paying lateness of earlier ones back, and what it took. */
export interface DelayTotals {
  packets: number
  demandedMs: number
  achievedMs: number
  worstMs: number
}

/**
 * Makes links take their light time.
 *
 * A packet carries what its links should have taken and what they took, so a link that releases a packet late is paid
 * back by the next one: lateness does not add up over hops.
 */
export class DelayLine {
  mode: LinkDelayMode = 'off'
  totals: DelayTotals = emptyTotals()

  /** @throws SkyError invalid_argument: a mode that only the simulator has */
  reset(mode: ParameterValues['link_delay']): void {
    if (mode === 'simulated') {
      const message = 'link_delay simulated is honoured by the simulator only'
      throw new SkyError('invalid_argument', message, 'Choose off, virtual or real.')
    }
    this.mode = mode
    this.totals = emptyTotals()
  }

  /** Send the packet over one link of this light time: `arrive` runs when it comes out at the other end. */
  traverse(packet: Packet, lightTimeUs: number, arrive: () => void): void {
    packet.hops += 1
    if (this.mode === 'off') return arrive()
    packet.propagationUs += lightTimeUs
    if (this.mode === 'virtual') return arrive()
    this.#hold(packet, lightTimeUs, arrive)
  }

  #hold(packet: Packet, lightTimeUs: number, arrive: () => void): void {
    const start = performance.now()
    packet.demandedUs += lightTimeUs
    const releaseAt = start + Math.max(0, packet.demandedUs - packet.achievedUs) / 1000
    waitUntil(releaseAt, () => {
      const now = performance.now()
      packet.achievedUs += (now - start) * 1000
      account(this.totals, releaseAt - start, now - start)
      arrive()
    })
  }
}

export function emptyTotals(): DelayTotals {
  return { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }
}

export function account(totals: DelayTotals, demandedMs: number, achievedMs: number): void {
  totals.packets += 1
  totals.demandedMs += demandedMs
  totals.achievedMs += achievedMs
  totals.worstMs = Math.max(totals.worstMs, achievedMs - demandedMs)
}
