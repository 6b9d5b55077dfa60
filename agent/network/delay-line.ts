import type { Packet } from '#shared/protocol/packet'
import { waitUntil } from '../clock/wait'

/** What the trial asks of links. */
export type LinkDelayMode = 'off' | 'virtual' | 'real'

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

  reset(mode: LinkDelayMode): void {
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
      this.#account(lightTimeUs / 1000, now - start, now - releaseAt)
      arrive()
    })
  }

  #account(demandedMs: number, achievedMs: number, latenessMs: number): void {
    this.totals.packets += 1
    this.totals.demandedMs += demandedMs
    this.totals.achievedMs += achievedMs
    this.totals.worstMs = Math.max(this.totals.worstMs, latenessMs)
  }
}

function emptyTotals(): DelayTotals {
  return { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }
}
