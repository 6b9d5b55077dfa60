import { estimateClockOffset, type ClockExchange } from '#shared/clock/clock-offset'
import { WallClock } from '#shared/clock/wall-clock'
import type { ClockOffset } from '#shared/contract/agent-control'
import type { SatelliteClient } from '../hosts/lab-hosts'

/** Exchanges that count: the best of the last half minute, at one a second. */
const keptExchanges = 30

const own = new WallClock({ wallMs: () => Date.now(), monotonicMs: () => performance.now() })

/** Keeps an eye on how far a host's clock is from this machine's. */
export class ClockWatch {
  #exchanges: ClockExchange[] = []

  /** Null before the first exchange. */
  get offset(): ClockOffset | null {
    return estimateClockOffset(this.#exchanges)
  }

  async exchange(client: SatelliteClient, signal: AbortSignal): Promise<void> {
    const sentAt = own.now()
    const { receivedAt, answeredAt } = await client.call('clock', {}, signal)
    this.#exchanges.push({ sentAt, receivedAt, answeredAt, returnedAt: own.now() })
    if (this.#exchanges.length > keptExchanges) this.#exchanges.shift()
  }

  /** Another agent may tell another time: a machine that was booted has set its clock. */
  reset(): void {
    this.#exchanges = []
  }
}
